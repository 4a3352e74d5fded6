"""Tables of how far the numbers can be trusted: one module a table.

Each module with a ``TITLE`` and a ``main(argv)`` writes ``docs/calibration/<name>.md``; ``python -m calibrate`` finds
and runs them. Law: what comes out is reported, also where it is bad; finished cells are kept in text tables beside the
page and not computed again unless ``--fresh`` is given.
"""
