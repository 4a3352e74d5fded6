"""What a region is: one file a model, a frozen record of parameters with units, ranges and source.

Law of the room: a node's record holds its parameters (a number for all regions, or one a region); its kernels
``emit`` (state to what the others receive, where that is not the state itself) and ``advance`` (one step of Heun's
method; what comes from others is held over the step) work on flat arrays, so that one brain and many at once run the
same code. Numba keeps the compiled loop by the date of ``_engine.py`` alone: whoever edits a kernel touches that too.
"""

from interbrain.simulate.brains.nodes.hopf import Hopf
from interbrain.simulate.brains.nodes.jansen_rit import JansenRit
from interbrain.simulate.brains.nodes.kuramoto import Kuramoto
from interbrain.simulate.brains.nodes.wilson_cowan import WilsonCowan

Node = Kuramoto | Hopf | WilsonCowan | JansenRit
NODES = {"kuramoto": Kuramoto, "hopf": Hopf, "wilson_cowan": WilsonCowan, "jansen_rit": JansenRit}

__all__ = ["NODES", "Hopf", "JansenRit", "Kuramoto", "Node", "WilsonCowan"]
