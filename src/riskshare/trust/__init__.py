"""From evidence to weighed rows: which rows stand, which count and why not, and the agreed trust of each.

This room turns records into the coded arrays that kernels take; it fuses nothing.
"""
