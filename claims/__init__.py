"""Claims of the theory, each run in the model with its mechanism and with it switched off: ``make claims``.

One file a claim, with a ``CLAIM`` record (``_record.py``). Settings are those of the model as they are: nothing is
tuned to a claim, and what comes out is told, whichever way it goes.
"""
