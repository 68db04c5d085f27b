"""Functions on NumPy arrays: they know nothing of records, data frames or files, and import only each other.

What this room owes the others: one formula a function, named with its source; the same answer for any order of rows;
no change to an argument; no Python loop over rows or subjects.
"""
