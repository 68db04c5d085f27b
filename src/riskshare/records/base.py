"""The strict, frozen base of every agreed record."""

from __future__ import annotations

from typing import Annotated, NoReturn

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]
"""A code partners may write in a file: letters, digits, ``_``, ``.`` and ``-``, at most 64."""

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
