"""What a practitioner decided, in their own words: the record that shows that a person, and not a score, decided."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from riskshare.records.agreement import Moment
from riskshare.records.base import Identifier, Record

Follows = Literal["agree", "higher", "lower", "other"]
"""Whether it follows the band that was shown: ``higher`` and ``lower`` override it, ``other`` sets it aside."""
SHORTEST_REASONS: Final = 20
"""Characters of somebody's own reasons, without white space around them."""


class DecisionRecord(Record):
    """One decision of one named person about one subject, after seeing one shared result.

    No function of riskshare makes one up: every field is given by whoever decided.
    """

    id: Identifier
    subject_id: str = Field(min_length=1, repr=False)
    decided_by: str = Field(min_length=1, repr=False)
    """The named person, as the agency's user id."""
    agency: Identifier
    role: Identifier
    shown: str = Field(pattern=r"^[0-9a-f]{16,64}$")
    """Decision id of the sharing that was looked at: it stands on the page and in the audit log."""
    band: Literal["low", "medium", "high", "very high", "cannot say"]
    """The band that was shown."""
    opened_at: Moment
    decided_at: Moment
    follows: Follows
    reasons: Annotated[
        str, StringConstraints(min_length=SHORTEST_REASONS, max_length=10_000, strip_whitespace=True)
    ] = Field(repr=False)

    @model_validator(mode="after")
    def _in_order(self) -> DecisionRecord:
        if self.decided_at < self.opened_at:
            raise PydanticCustomError("decided_before_opened", "decided before it was opened")  # noqa: EM101 - a code
        return self

    @property
    def taken(self) -> dt.timedelta:
        """How long it took from opening to deciding."""
        return self.decided_at - self.opened_at

    @property
    def overrides(self) -> bool:
        """Whether the person decided otherwise than the band says."""
        return self.follows != "agree"
