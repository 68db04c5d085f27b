"""The fields, reasons and cells of what was shared, in words that a reader of plain English expects."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence, Set
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.records.sharing_fields import FIELDS
from riskshare.reporting.agreement_words import REASON_WORDS
from riskshare.reporting.pages import plain
from riskshare.reporting.words import is_missing
from riskshare.sharing.shared import Shared

NOT_SHOWN: Final = "not shown"
"""A missing count: suppressed, or worked out from one that is."""
NOTHING: Final = "–"
MAY_BE_A_CHILD: Final = "This is, or may be, a child. What looks like harm by a child may be harm to that child: ask."
"""Of whoever is not known, by what is shown, to be 18 or older."""
LISTED_MAY_BE: Final = "Anybody listed may be a child. What looks like harm by a child may be harm to that child: ask."
"""Once for a whole list, whoever is on it: said of some lines only, it would tell their age."""
_SPACED: Final = frozenset({"band", "band_low", "band_high", "basis", "flags", "indicator", "most_useful_gap", "role"})
"""Fields whose codes are words joined by underscores."""

FIELD_WORDS: Final[Mapping[str, str]] = {
    "act_now": "act now", "age_band": "age", "area": "name",
    "arises_from": "how it became known", "as_of": "as known on",
    "authorities": "authorities", "authority": "authority", "authority_share": "share of each",
    "band_high": "at most", "band_low": "at least", "basis": "at first hand or hearsay", "building_id": "building",
    "cell_id": "cell", "cluster_id": "cluster", "completeness": "how complete", "count": "how many",
    "crosses_boundary": "across a border", "effective_agencies": "agencies that count", "event_date": "happened",
    "event_end": "ended", "factual_score": "on facts alone", "found_alone_by": "found alone by", "gi_z": "Gi* z",
    "hot": "more than expected", "hot_after_adjustment": "with recording practice allowed for", "indicator": "what",
    "lead_authority": "largest share", "leading_agency": "rests most on", "lens": "kind of harm",
    "looked": "found by our own looking (not counted)", "lower": "lower end", "median_days": "median days",
    "most_useful_gap": "question", "n_agencies": "agencies", "n_cells": "cells", "n_events": "events",
    "n_origins": "separate origins", "n_records": "records", "nats": "weight (nats)",
    "only_visible_together": "visible only together", "p": "p, at most", "police_share": "share of police",
    "precision_m": "known to (m)", "q": "q, at most", "recorded_date": "recorded", "scale_valid": "reading in date",
    "info_grade": "grade of what was said", "role": "this person was", "source_grade": "grade of the source",
    "source_type": "kind of source", "spoc": "whom to call", "stability": "found again",
    "staff_safety": "staff safety", "subject_id": "person", "upper": "upper end",
}  # fmt: skip
"""Headings; any other field is its own name with spaces."""

RULE_WORDS: Final[Mapping[str, str]] = {
    "small": "too few people stand behind it",
    "small_or_beside_small": "too few people stand behind it, or it would give away a figure that is so small",
    "too_few_people_in_window": "too few people live there",
    "counts_withheld": "with them the withheld counts could be worked out",
    "of_a_list": (
        "in a list it would tell whose address is protected, that a sensitive service knows somebody, or who a "
        "pseudonym is"
    ),
    "analysts_only": "it is worked out for analysts only, and not from what may be shared",
    "too_fine": "it has no coarser form that may be shown",
}
"""Reasons of disclosure control that have no sentence of their own elsewhere."""

LENS_TOLD: Final = {"harm_to": "harm to this person", "harm_by": "harm by this person to others"}
"""Whom the harm is done to, said in full: whoever reads a page that was shared was not at the meeting."""

_BECAME_KNOWN: Final[Mapping[str, str]] = {
    "reported": "reported", "adjudicated": "found by a court", "agency_initiated": "found by the agency's own looking",
    "prompted_by_partnership": "looked for because partners asked",
}  # fmt: skip
_FIRST_HAND: Final = {"factual": "recorded at first hand", "anecdotal": "an opinion, a worry or hearsay"}

TREATMENT_WORDS: Final[Mapping[str, str]] = {
    "show": "as it is", "band": "made coarser", "redact": "only that there is one", "drop": "not at all",
}  # fmt: skip


def field_words(name: str) -> str:
    """Return a heading for a field.

    >>> field_words("n_events"), field_words("first_seen")
    ('events', 'first seen')
    """
    return FIELD_WORDS.get(name, plain(name).replace("_", " "))


def reason_words(code: str) -> str:
    """Return why something is withheld, in words; a code that has none stands for itself.

    >>> reason_words("no_permit"), reason_words("least_count")
    ('no rule permits it', 'least count')
    """
    known: dict[str, str] = {**RULE_WORDS, **REASON_WORDS}  # type: ignore[dict-item]  # each Reason is a text
    return known.get(code, plain(code).replace("_", " "))


def area_names(shared: Shared) -> dict[str, str]:
    """Return names of authorities by code, where borders were shared, and the partners' words by ``field:id``."""
    areas = shared.tables.get("areas")
    if areas is None or not {"authority", "area"} <= set(areas.columns):
        return dict(shared.words)
    return dict(shared.words) | {
        str(code): str(name) for code, name in zip(areas["authority"], areas["area"], strict=True)
    }


def cell_words(value: Any, field: str, names: Mapping[str, str]) -> str:
    """Return one cell of a table in words.

    Parameters
    ----------
    value : object
        A cell; missing counts read as not shown, other missing cells as a dash.
    field : str
        Its column.
    names : mapping
        Authorities' names by code.

    Examples
    --------
    >>> cell_words(0.05, "p", {}), cell_words(1234, "count", {}), cell_words(True, "hot", {})
    ('0.05', '1,234', 'yes')
    >>> cell_words(("a", "b"), "authorities", {"a": "Aldermere"}), cell_words(None, "count", {})
    ('Aldermere, b', 'not shown')
    """
    if field == "authority_share" and isinstance(value, str):  # "area1 44%, area2 56%"
        value = dict(part.rsplit(" ", 1) for part in value.split(", ") if " " in part)
    if isinstance(value, Mapping):
        return ", ".join(f"{_named(k, names)} {_share(v)}" for k, v in value.items()) or NOTHING
    if isinstance(value, (list, tuple, Set, np.ndarray)):
        items = sorted(value) if isinstance(value, Set) else list(value)
        return ", ".join(_one(item, field, names) for item in items) or NOTHING
    return _one(value, field, names)


def _one(value: Any, field: str, names: Mapping[str, str]) -> str:
    if is_missing(value) or value == "":
        return NOT_SHOWN if FIELDS.get(field) == "count" else NOTHING
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return f"{int(value):,}"
    if isinstance(value, (float, np.floating)):
        return _number(float(value), field)
    if isinstance(value, (dt.date, dt.datetime, pd.Timestamp)):
        return str(value)[:10]
    worded = names.get(f"{field}:{value}")
    return plain(worded) if worded is not None else _worded(_named(value, names), field)


def _named(code: object, names: Mapping[str, str]) -> str:
    return plain(names.get(str(code), str(code)))


def _worded(text: str, field: str) -> str:
    if field == "lens":
        return LENS_TOLD.get(text, text)
    return text.replace("_", " ") if field in _SPACED else text


def _share(value: object) -> str:
    if isinstance(value, (int, float)):
        return f"{100 * value:.0f} %" if math.isfinite(value) else NOTHING
    return plain(value).replace("%", " %")


def _number(value: float, field: str) -> str:
    if not math.isfinite(value):
        return NOTHING
    if field in ("stability", "police_share", "completeness", "share"):
        return _share(value)
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:,.3g}"


SUSPICION: Final = (
    "Only what says so was found by a court. All else was reported, or seen by an agency. A suspicion is not a finding."
)
"""Stands above records told with ``knowledge_words``."""


def knowledge_words(arises_from: object, basis: object) -> str:
    """Return what kind of knowledge a record is, so that an assessment is told from a fact (DPA 2018, s.38).

    Parameters
    ----------
    arises_from, basis : object
        Of a record; missing where not shared. A code without words stands for itself.

    Returns
    -------
    str
        Empty where neither is known. Never the bare word "factual": a suspicion that was recorded at first hand is
        still a suspicion.

    Examples
    --------
    >>> knowledge_words("reported", "factual"), knowledge_words("adjudicated", None)
    ('reported; recorded at first hand', 'found by a court')
    """
    told = [(arises_from, _BECAME_KNOWN), (basis, _FIRST_HAND)]
    said = [words.get(str(code), plain(code)) for code, words in told if not is_missing(code)]
    return "; ".join(dict.fromkeys(said))


def is_hot(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which lines are hot by either finding that was shared; none where neither was."""
    found = np.zeros(len(frame), dtype=np.bool_)
    for name in ("hot", "hot_after_adjustment"):
        found |= flags(frame, name)
    return found


def flags(frame: pd.DataFrame, name: str) -> NDArray[np.bool_]:
    """Return a column as yes or no; missing, and no such column, are no."""
    if name not in frame.columns:
        return np.zeros(len(frame), dtype=np.bool_)
    return np.asarray(frame[name].astype("boolean").fillna(False), dtype=np.bool_)


def texts(frame: pd.DataFrame, names: Mapping[str, str]) -> tuple[list[str], list[list[str]]]:
    """Return headings and cells of a table in words, without its shapes; empty columns stay, so that they are seen."""
    columns = [str(name) for name in frame.columns if name != "geometry"]
    cells: Sequence[list[str]] = [[cell_words(v, name, names) for v in frame[name].tolist()] for name in columns]
    return [field_words(name) for name in columns], [list(row) for row in zip(*cells, strict=True)]
