"""Change over sessions, outcome, instruments, events.

Law of the room: tables in, tables out; it never sees a signal, so it serves synchrony computed elsewhere.
"""
