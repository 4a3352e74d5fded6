"""Figures and the page.

Law of the room: result tables in, one self-contained page out; it computes no statistic, and grey is chance.
"""
