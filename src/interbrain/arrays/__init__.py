"""Stateless arithmetic on plain arrays that several rooms need.

Law of the room: arrays and numbers in, arrays and numbers out; no nouns of the field, no files, no state.
"""
