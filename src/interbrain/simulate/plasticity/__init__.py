"""What learns: a synapse with two release modes and spiking neurons that carry it, scaling, growth, modulators.

Law of the room: one equation system a file, usable alone; its loop, compiled, is the file of the same name with an
underscore. Nothing here knows of regions or persons.
"""
