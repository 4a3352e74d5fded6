"""A brain: regions on a connectome, delays, noise, edges that learn, and how rigid or chaotic what comes out is.

Law of the room: a network, parameters and keys of noise in, series of regions out; the same key gives the same bytes
for any number of threads and of brains side by side. What a region does is a file in ``nodes``.
"""
