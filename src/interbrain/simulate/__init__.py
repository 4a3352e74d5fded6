"""Synapse to brain to dyad to therapy to recordings.

Law of the room: parameters and a seed in, a Study in memory and the truth that was planted out; whatever comes from
here says that it is simulated.
"""
