"""Expected questions as a recipient may see them: what a sensitive service was asked, or answered, is in none of them.

That a clinic or a refuge holds something is itself sensitive (methods: safety, 1.4), and so is that it holds nothing. A
question to it that came and went with its answer, or a completeness that rose by it, would tell. So its answers are not
looked at, and what it alone was asked is in no list and no completeness, for everybody and always.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from riskshare.assessment import Assessment
from riskshare.kernels.segments import Bools
from riskshare.records.evidence import Evidence
from riskshare.records.partnership import Partnership
from riskshare.records.policy import LENSES
from riskshare.scoring.frames import as_text
from riskshare.scoring.questions import asked_among
from riskshare.sharing.visible import whole_records
from riskshare.trust.weigh import N_LENSES

NOT_ASKED_OF: Final = (
    "Questions put only to services whose involvement is itself sensitive stand in no list and no completeness here, "
    "whether or not they were answered. In the band and the interval they count as not answered."
)
"""Said wherever the partnership has such a service: it depends on the policy and on nothing that anybody sent."""
GAPS: Final = ("subject_id", "lens", "most_useful_gap")


def hidden_names(partnership: Partnership) -> frozenset[str]:
    """Return the agencies whose holding something is itself sensitive."""
    return frozenset(agency.id for agency in partnership.agencies if agency.sensitive)


def said_of_questions(partnership: Partnership) -> tuple[str, ...]:
    """Return the sentence about questions that are left out, where the partnership has a sensitive service."""
    return (NOT_ASKED_OF,) if hidden_names(partnership) else ()


def without_answers(evidence: Evidence, result: Assessment) -> Evidence:
    """Return evidence in which sensitive services have answered nothing; a record that one of them sent stays a record.

    A record that one of them replaced by a bare answer goes whole: it does not stand any more.
    """
    rows = evidence.rows
    theirs = pc.is_in(rows["agency"], value_set=pa.array(sorted(hidden_names(result.partnership)), pa.string()))
    bare = pc.and_(pc.is_valid(rows["answer"]), pc.not_equal(pc.fill_null(rows["answer"], ""), "returned"))
    kept = whole_records(rows, np.asarray(pc.invert(pc.and_(theirs, bare)), dtype=np.bool_), as_of=result.as_of)
    answers = pc.if_else(theirs, pa.scalar(None, pa.string()), rows["answer"])
    place = rows.schema.get_field_index("answer")
    return replace(evidence, rows=rows.set_column(place, rows.schema.field(place), answers).filter(pa.array(kept)))


def over_open_questions(again: Assessment) -> pd.DataFrame:
    """Return scores whose completeness and most useful gap are over the questions that somebody else may answer."""
    scores, subjects = again.scores, again.weighed.standing.columns.subjects.astype(str)
    number = np.searchsorted(subjects, scores["subject_id"].to_numpy(dtype=str))
    unit = number * N_LENSES + scores["lens"].map(LENSES.index).to_numpy(dtype=np.int64)
    completeness, gap = asked_among(again.weighed, unit, _open(again))
    return as_text(scores.assign(completeness=completeness, most_useful_gap=gap), ["most_useful_gap"])


def _open(again: Assessment) -> Bools:
    """Return which agreed questions an agency that may be named can answer."""
    hidden = hidden_names(again.partnership)
    named = np.array([name not in hidden for name in again.weighed.codes.agencies], dtype=np.bool_)
    return np.asarray(again.weighed.policy.expected.agencies[:, named].any(axis=1), dtype=np.bool_)


def open_gaps(again: Assessment, subject: str, lenses: Collection[str]) -> pd.DataFrame:
    """Return questions without an answer that the recipient may see, by their ids, the most useful first."""
    known = {name for name, told in zip(again.weighed.codes.expected, _open(again), strict=True) if told}
    asked = again.questions(subject)
    asked = asked[~asked["answered"].astype(bool) & asked["lens"].isin(lenses) & asked["question"].isin(known)]
    return asked.rename(columns={"question": "most_useful_gap"}).reset_index(drop=True)[list(GAPS)]
