"""One file per figure: results in, a :class:`~interbrain.report.figures.common.Picture` or a sentence out."""
