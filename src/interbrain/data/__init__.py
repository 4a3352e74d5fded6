"""The nouns and their schemas: what a recording, a signal, a meeting, a study, a plan and a result table are.

Law of the room: immutable values and their checks, nothing that reads a file's format, filters or tests. Nothing is
re-exported here, so that listing records costs no import of NumPy.
"""
