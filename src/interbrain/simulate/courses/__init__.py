"""A therapy: sessions of two plastic brains, what lasts between them, symptoms and questionnaires that follow.

Law of the room: everything that can be chosen is in ``course_settings``; a mechanism that is left out is a factor of
exactly 1. A kind of therapy is a record in ``therapies``.
"""
