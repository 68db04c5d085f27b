"""The same scoring where evidence is larger than memory: whole subjects stream through the kernels of ``scoring``."""
