"""Surrogates, permutation of partners, maxima, corrections, contrasts.

Law of the room: numbers and their nulls in, calibrated p-values out; p = (1 + number at least as extreme)/(1 + n).
"""
