"""Read a study, check it, run it, write it: the only room that knows the order of the steps."""
