"""Raw to analysable, one file per modality, plus ``align`` and ``quality``.

Law of the room: a :class:`~interbrain.data.signal.Signal` in; a Signal, quality rows and problems out. Every repair is
told, nothing is silently dropped, and no number about two people is computed here.
"""
