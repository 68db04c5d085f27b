"""Whether the arguments of a call are of the kind that is needed: all that are not are named at once, by no value."""

from __future__ import annotations

import datetime as dt
import math
import numbers
import os
from collections.abc import Iterable, Mapping

import numpy as np

from riskshare.errors import ArgumentError


def require(function: str, rules: Mapping[str, bool]) -> None:
    """Refuse a call of which a rule does not hold.

    Parameters
    ----------
    function : str
        Its public name.
    rules : mapping
        What each argument must be, as a sentence that begins with its name, and whether it is.

    Raises
    ------
    ArgumentError
        Naming every rule that does not hold, in the order given.

    Examples
    --------
    >>> require("assess", {"trial must be True or False.": is_flag("yes"), "lens must be text.": True})
    Traceback (most recent call last):
    riskshare.errors.ArgumentError: assess(): trial must be True or False.
    """
    broken = [rule for rule, holds in rules.items() if not holds]
    if broken:
        raise ArgumentError(function, broken)


def is_flag(value: object) -> bool:
    """Return whether it is True or False."""
    return isinstance(value, (bool, np.bool_))


def is_number(value: object) -> bool:
    """Return whether it is a real, finite number.

    >>> is_number(0.5), is_number(True), is_number("0.5"), is_number(float("nan"))
    (True, False, False, False)
    """
    return isinstance(value, numbers.Real) and not is_flag(value) and math.isfinite(value)


def is_whole(value: object) -> bool:
    """Return whether it is a whole number, Python's or NumPy's.

    >>> is_whole(3), is_whole(np.int64(3)), is_whole(3.0), is_whole(True)
    (True, True, False, False)
    """
    return isinstance(value, numbers.Integral) and not is_flag(value)


def is_text(value: object, *, optional: bool = False) -> bool:
    r"""Return whether it is text that can be written as UTF-8, or None where that is allowed.

    A lone surrogate, such as ``"\ud800"``, is half a character: no file and no hash can take it.

    >>> is_text("S-0042"), is_text("\ud800"), is_text(None), is_text(None, optional=True)
    (True, False, False, True)
    """
    return _is_whole(value) or (optional and value is None)


def _is_whole(value: object) -> bool:
    """Return whether it is text of whole characters."""
    if not isinstance(value, str):
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def is_day(value: object) -> bool:
    """Return whether it is a date; a moment is not, because its time zone would have to be guessed."""
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def is_path(value: object) -> bool:
    """Return whether it is a path as text or a path object; bytes are not, and no path holds a NUL.

    >>> is_path("thresholds"), is_path(b"thresholds"), is_path(3), is_path(""), is_path(chr(0xD800))
    (True, False, False, True, False)
    """
    path = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(path, str) or "\x00" in path:
        return False
    try:
        os.fsencode(path)  # a name of any bytes passes; half a letter, which no file can be called, does not
    except UnicodeEncodeError:
        return False
    return True


def is_texts(value: object) -> bool:
    """Return whether it is a collection of texts, and not one text.

    >>> is_texts(["sex"]), is_texts(()), is_texts("sex"), is_texts([3]), is_texts(iter(["sex"]))
    (True, True, False, False, False)
    """
    return (
        isinstance(value, Iterable)
        and hasattr(value, "__len__")
        and not isinstance(value, (str, bytes, Mapping))
        and all(map(_is_whole, value))
    )
