"""What instruments would have recorded of a course: a study in memory, and the truth that was planted in it.

Law of the room: the model's meetings in, signals out; here nothing acts back on the model. One instrument is one file
in ``devices``; ``light``, ``haemodynamics`` and ``in_common`` are what instruments are made of.
"""
