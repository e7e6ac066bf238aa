"""Mobility by place: files as people download them, peers, ranks, trends, correlates.

layouts    whose file it is, told by its header: which columns are places, measures, errors
reading    one measure of every place, with its error and its quality
compare    peers by likeness, differences, ranks with their uncertainty, shrinkage
answers    what is told of one place
"""
