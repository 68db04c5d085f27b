"""A correction is one for everybody: what it replaced comes back in no view, also where it is itself hidden."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import share_cases as cases
from riskshare.sharing.asking import SharingRefusedError

EARLIER = {"recorded_date": "2026-03-30", "event_date": "2026-03-30", "indicator": "blade_injury"}
LATER = {**EARLIER, "recorded_date": "2026-03-31"}
AGREED = cases.partnership(listed_from="medium")
HIDDEN: dict[str, dict[str, Any]] = {
    "a victim, it turned out": {"role": "victim"},
    "withdrawn, its handling code left out": {"status": "withdrawn", "handling": None},
    "withdrawn, under another class": {"status": "withdrawn", "data_class": "patient", "gateway": "cda_s115"},
    "closed by its owner": {"handling": "C"},
}


@pytest.mark.parametrize("how", HIDDEN)
def test_a_list_does_not_bring_back_what_was_corrected(how: str, tmp_path: Path) -> None:
    rows = [cases.fact("a", **EARLIER), cases.fact("a", **LATER | HIDDEN[how]), *cases.feared("S3")]
    listed = cases.given(cases.result(rows, agreed=AGREED), tmp_path, audience="partnership").tables["scores"]
    assert len(listed) == 1


@pytest.mark.parametrize("how", list(HIDDEN)[1:])
def test_nor_does_the_page_of_one_person(how: str, tmp_path: Path) -> None:
    rows = [cases.fact("a", **EARLIER), cases.fact("a", **LATER | HIDDEN[how])]
    with pytest.raises(SharingRefusedError, match="nothing_to_share"):
        cases.to_practitioner(cases.result(rows), tmp_path)
    whole = cases.result([*rows, cases.fact("b", agency="police")])
    assert set(cases.to_practitioner(whole, tmp_path).tables["reasons"]["agency"].dropna()) == {"police"}


def test_nor_do_counts(tmp_path: Path) -> None:
    def events(*changed: dict[str, Any]) -> Any:
        rows = [cases.fact(f"r{n}", subject_id=f"S{n}", event_date="2026-02-01") for n in range(20)]
        for n, changes in enumerate(changed):
            rows[n]["recorded_date"] = "2026-03-30"
            rows.append({**rows[n], "recorded_date": "2026-03-31", **changes})
        return cases.to_partners(cases.result(rows), tmp_path).tables["events"]["count"].max()

    assert (events(), events(*[{"handling": "C"}] * 6)) == (20, 14)


def test_a_correction_that_is_not_known_yet_changes_nothing(tmp_path: Path) -> None:
    rows = [cases.fact("a", **EARLIER), cases.fact("a", **LATER | {"recorded_date": "2026-04-05", "handling": "C"})]
    assert len(cases.given(cases.result(rows, agreed=AGREED), tmp_path, audience="partnership").tables["scores"]) == 1
