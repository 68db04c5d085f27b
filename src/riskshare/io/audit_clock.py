"""The clock of the machine that writes an audit log: recorded beside the moment a caller gives, never in its place.

The only module below the command line that reads a clock. What is recorded decides nothing about anybody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]
"""Returns the present moment, with its offset."""


def machine_clock() -> dt.datetime:
    """Return the moment by this machine's clock, in UTC."""
    return dt.datetime.now(dt.UTC)
