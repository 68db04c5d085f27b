"""When the compiled twin of a kernel is used: where it is asked for, or installed and worth loading."""

from __future__ import annotations


def chosen(compiled: bool | None, size: int, pays: int) -> bool:
    """Return whether a kernel hands its work to its compiled twin; the answer of both is the same to the bit.

    Parameters
    ----------
    compiled : bool or None
        True or False decides. None is True where numba (extra ``fast``) is installed and the work is large.
    size : int
        How large the work is, in the unit of ``pays``.
    pays : int
        From this size on the twin gains more than loading it costs; smaller work never sees the compiler.

    Returns
    -------
    bool

    Raises
    ------
    ModuleNotFoundError
        If the twin is asked for and numba is not installed.

    Examples
    --------
    >>> chosen(None, 10, 1_000), chosen(False, 10**9, 1_000)
    (False, False)
    """
    if not (size >= pays if compiled is None else compiled):
        return False
    try:
        from riskshare.kernels import compiled_tools  # noqa: F401  # it imports numba, or fails to
    except ImportError:
        if compiled is None:
            return False
        what = "compiled=True needs numba: pip install 'riskshare[fast]', or leave it out for the NumPy form."
        raise ModuleNotFoundError(what) from None
    return True
