"""The partners' own words for the ids that stand in what is shared, and for no others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from riskshare.records.partnership import Partnership

_AGENCIES: Final = ("agency", "agency_of_origin", "bars_met", "leading_agency")


def words_for(tables: Mapping[str, pd.DataFrame], partnership: Partnership) -> dict[str, str]:
    """Return names of the agencies, indicators, scales and questions that stand in tables, by ``field:id``.

    What the partners mean by an indicator stands under ``meant:`` and its id.
    An id that stands in no table has no word here: an agency that is not named stays unnamed.
    """
    trust = partnership.trust
    agencies = {one.id: one.name for one in partnership.agencies}
    kinds = {one.id: one.name for one in trust.indicators}
    known: dict[str, dict[str, str]] = {
        **dict.fromkeys(_AGENCIES, agencies), "act_now": kinds, "indicator": kinds,
        "most_useful_gap": {one.id: one.question for one in trust.expected_answers},
        "scale": {one.id: one.name for one in partnership.scales},
        "source_type": {one.id: one.name for one in trust.source_types},
    }  # fmt: skip
    named = {
        f"{name}:{one}": known[name][one]
        for table in tables.values() for name in known.keys() & set(table.columns)
        for one in sorted(set(_texts(table[name]))) if one in known[name]
    }  # fmt: skip
    meant = {f"meant:{one.id}": one.definition for one in trust.indicators if f"indicator:{one.id}" in named}
    return named | meant


def _texts(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        yield from value if isinstance(value, tuple) else [value] if isinstance(value, str) else []
