"""How fast, how small and how exact interbrain is beside the programs that people use today: one module a task.

A task's module has ``TITLE``, ``CASES`` (name to :class:`bench._task.Case`) and ``build(case, tool, quick)``, which
runs in the tool's own environment and gives a :class:`bench._task.Built`. Law: a task's module imports NumPy at its top
and everything else inside ``build``, since it is read in environments that hold one tool alone.
"""
