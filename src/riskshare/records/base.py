"""The strict, frozen base of every agreed record."""

from __future__ import annotations

import re
from typing import Annotated, Final, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

_LONG_NUMBER: Final = re.compile(r"[0-9](?:[_.\-]*[0-9]){8}")


def holds_long_number(code: str) -> bool:
    """Return whether nine digits stand in a row, whatever stands between them: a public number has as many.

    >>> holds_long_number("943-476-5919"), holds_long_number("isp_2026-03-31"), holds_long_number("E06000001")
    (True, False, False)
    """
    return _LONG_NUMBER.search(code) is not None


def _fit_to_log(code: str) -> str:
    if holds_long_number(code):
        raise PydanticCustomError("long_number", "nine digits or more")  # noqa: EM101 - a code
    return code


Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]
"""A code partners may write in a file: letters, digits, ``_``, ``.`` and ``-``, at most 64."""

LoggedIdentifier = Annotated[Identifier, AfterValidator(_fit_to_log)]
"""A code that the audit log will hold: without nine digits in a row, since it may hold no number of a person."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
OneLine = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=2000,
        strip_whitespace=True,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$",
    ),
]
"""Text without line breaks, control characters, or characters that cannot be seen or that turn the others round."""
Probability = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Fixed(dict[str, float]):
    """Agreed numbers by code, which nothing can change: what was signed is what is used.

    Examples
    --------
    >>> Fixed(police=0.5)["police"], Fixed() == {}
    (0.5, True)
    """

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        msg = "An agreed record cannot be changed. Make a new one, and have it signed."
        raise TypeError(msg)

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[Fixed], tuple[dict[str, float]]]:
        """Return how to copy it: the usual way fills an empty one, which is refused."""
        return Fixed, (dict(self),)


class Record(BaseModel):
    """An agreed record: frozen, strict, with no unknown field and no value in its errors."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True
    )
