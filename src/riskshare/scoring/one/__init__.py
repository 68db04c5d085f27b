"""The model in plain Python for one subject's few rows: the bits of the NumPy form, without its cost of starting."""
