"""Cells that hold several values separated by ``;``: what a row repeats, and on what conditions it may be handled."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from riskshare.io.evidence_cells import Cells, Faults, judge, matches, why_no_id
from riskshare.io.text import why_unsafe

_REFERENCE_ID: Final = r"[A-Za-z0-9][A-Za-z0-9_.\-/:]{0,63}"
_LOOKS_WRONG: Final = (
    r"\.\.|//|/$|:0[-0-9./:]{9,}$|:[0-9.]+[eE]"
    r"|(?i::(?:n[./]?a|nan|n[iu]ll?|none|unk|unknown|not.?known|tb[ca]|missing|empty|undefined|0+)$)"
)
"""What calls for a second, slower look; some that pass it are plain references after all."""
MAX_REFERENCES: Final = 50


def read_references(cells: Cells, agencies: Collection[str], faults: Faults) -> Cells:
    """Return ``derived_from`` in canonical form: each reference once, sorted, joined by ``;``.

    A row may name itself; the model treats that as a cycle, not as a fault.
    """
    known = "|".join(re.escape(agency) for agency in sorted(agencies))
    accepted = matches(cells.values, rf"^(?:{known}):{_REFERENCE_ID}$") & ~matches(cells.values, _LOOKS_WRONG)
    others = np.flatnonzero(~accepted)
    texts = cells.values.take(pa.array(others)).to_pylist()
    accepted[others] = [not _why_no_references(text, agencies) for text in texts]
    return _canonical(judge(cells, "derived_from", accepted, lambda text: _why_no_references(text, agencies), faults))


def _why_no_references(text: str, agencies: Collection[str]) -> str:
    reason = why_unsafe(text)
    if reason:
        return reason
    parts = text.split(";")
    if len(parts) > MAX_REFERENCES:
        return "bad_reference"
    for part in parts:
        agency, _, record = part.partition(":")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}", agency):
            return "bad_reference"
        if not re.fullmatch(_REFERENCE_ID, record) or re.search(r"\.\.|//|/$", record):
            return "bad_reference"
        if why_no_id(record) in ("identifier_in_clear", "scientific_notation", "placeholder"):
            return why_no_id(record)
        if agency not in agencies:
            return "unknown_agency"
    return ""


def _canonical(cells: Cells) -> Cells:
    """Sort each list and drop repeats, then number the distinct texts anew: two spellings of one list are one text."""
    lists = np.flatnonzero(matches(cells.values, ";"))
    if not lists.size:
        return cells
    texts = cells.values.to_pylist()
    for i in lists:
        texts[i] = ";".join(sorted(set(texts[i].split(";"))))
    return recoded(cells, texts)


def recoded(cells: Cells, texts: Sequence[str | None]) -> Cells:
    """Return the cells with each distinct text replaced by another, null meaning missing."""
    encoded = pa.array(texts, pa.string()).dictionary_encode()
    places = np.append(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), -1).astype(np.int32)
    return Cells(places[cells.codes], encoded.dictionary, cells.present)


def read_handling(cells: Cells, conditions: Collection[str], faults: Faults) -> tuple[Cells, Cells]:
    """Return (handling, conditions): ``P``, ``C``, or ``C:cond1;cond2`` whose conditions are sorted and each once.

    The forms are few, so each is taken apart in Python once.
    """
    agreed = set(conditions)

    def why(text: str) -> str:
        if text in ("P", "C"):
            return ""
        named = text[2:].split(";") if text.startswith("C:") else []
        if named and set(named) <= agreed:
            return ""
        return why_unsafe(text) or ("mixed_case" if text in ("p", "c") else "unknown_code")

    texts = cells.values.to_pylist()
    accepted = np.array([not why(text) for text in texts], np.bool_)
    kept = judge(cells, "handling", accepted, why, faults)
    handling = recoded(kept, [text[:1] if ok else None for text, ok in zip(texts, accepted, strict=True)])
    named = [";".join(sorted(set(text[2:].split(";")))) for text in texts]
    found = recoded(kept, [names or None if ok else None for names, ok in zip(named, accepted, strict=True)])
    return handling, Cells(found.codes, found.values, found.codes >= 0)
