"""Who is on a partnership's list: an agreed bar selects, somebody asks by name, and no line tells more than it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import build
import share_cases as cases
from riskshare.io.subjects import read_subjects
from riskshare.records.partnership import Partnership
from riskshare.reporting.shared_report import report
from riskshare.sharing.asking import SharingRefusedError
from riskshare.sharing.shared import Shared

Rows = list[dict[str, Any]]


def feared(name: str, band: str, **changes: Any) -> Rows:
    """Return fresh records of one person of concern, whose band is as told."""
    kinds = {
        "cannot say": ("weapon_carrying",),
        "medium": ("weapon_carrying", "gang_link"),
        "high": ("blade_injury", "gang_link"),
    }
    return [cases.fact(f"{name}-{kind}", subject_id=name, indicator=kind, **changes) for kind in kinds[band]]


def matrix(**people: str) -> Rows:
    return [row for name, band in people.items() for row in feared(name, band)]


def listed(rows: Rows, folder: Path, agreed: Partnership | None = None, **options: Any) -> Shared:
    whole = cases.result(rows, agreed=agreed or cases.partnership(), **options.pop("made", {}))
    return cases.given(whole, folder, audience="partnership", **options)


def about_the_bar(shared: Shared) -> str:
    (said,) = [note for note in shared.notes if note.startswith("Listed from the band")]
    return said


def test_the_bands_of_these_cases_are_as_told() -> None:
    found = cases.result(matrix(A="cannot say", B="medium", C="high")).scores
    assert found["band"].tolist() == ["cannot say", "medium", "high"]


class TestTheBar:
    def test_is_high_where_nothing_is_agreed(self, tmp_path: Path) -> None:
        shared = listed(matrix(A="cannot say", B="medium", C="high", D="high"), tmp_path)
        assert shared.tables["scores"]["band"].tolist() == ["high", "high"]
        assert about_the_bar(shared).startswith(
            "Listed from the band 'high' on (nothing else is agreed), and nobody of"
        )

    @pytest.mark.parametrize(("bar", "bands"), [("medium", ["high", "medium"]), ("high", ["high"]), ("very high", [])])
    def test_is_the_agreed_one(self, bar: str, bands: list[str], tmp_path: Path) -> None:
        agreed = cases.partnership(listed_from=bar)
        shared = listed(matrix(A="cannot say", B="medium", C="high"), tmp_path, agreed)
        assert sorted(shared.tables["scores"]["band"]) == bands
        assert about_the_bar(shared).startswith(f"Listed from the band '{bar}' on (as agreed)")

    def test_is_never_low(self) -> None:
        with pytest.raises(ValueError, match="listed_from"):
            cases.partnership(listed_from="low")

    def test_newham_with_it(self, tmp_path: Path) -> None:
        """Of 203 people of whom 80 have no score to speak of, those are counted and not listed."""
        rows = [row for n in range(203) for row in feared(f"S{n:03}", "cannot say" if n < 80 else "high")]
        shared = listed(rows, tmp_path, approver="U9")
        assert len(shared.tables["scores"]) == 123
        assert "80 others whom this recipient may know of are not listed" in about_the_bar(shared)

    def test_few_left_out_are_no_number(self, tmp_path: Path) -> None:
        told = {
            n: about_the_bar(listed(matrix(C="high", **{f"A{i}": "medium" for i in range(n)}), tmp_path))
            for n in (0, 1, 4, 5)
        }
        assert told[0] == told[1] == told[4]
        assert "Fewer than 5 others" in told[0]
        assert ". 5 others" in told[5]

    def test_left_out_are_only_those_the_recipient_may_know_of(self, tmp_path: Path) -> None:
        hidden = [cases.fact(f"h{n}", subject_id=f"H{n}", handling="C") for n in range(9)]
        open_ = matrix(C="high", **{f"A{n}": "medium" for n in range(6)})
        assert about_the_bar(listed([*open_, *hidden], tmp_path)) == about_the_bar(listed(open_, tmp_path))

    def test_nobody_at_the_bar_is_an_empty_list_and_not_a_refusal(self, tmp_path: Path) -> None:
        shared = listed(matrix(B="medium"), tmp_path)
        assert len(shared.tables["scores"]) == 0
        assert "Scores: none that may be shown." in report(shared)
        assert len(cases.every_file(shared, tmp_path / "out")) >= 5

    def test_what_was_signed_before_a_bar_could_be_agreed_is_still_signed(self) -> None:
        def terms(**changes: Any) -> str:
            sharing = cases.partnership(**changes).sharing
            assert sharing is not None
            return sharing.agreements[-1].terms_hash

        assert terms() == terms(listed_from=None)
        assert len({terms(), terms(listed_from="medium"), terms(listed_from="high")}) == 3


class TestWhoAsks:
    @pytest.mark.parametrize("user", ["", "  "])
    def test_a_list_is_given_to_somebody(self, user: str, tmp_path: Path) -> None:
        for rows in (matrix(C="high"), matrix(B="medium")):  # also an empty list: else a refusal would tell
            with pytest.raises(SharingRefusedError, match="no_user"):
                listed(rows, tmp_path, user_id=user)
        assert cases.entries(tmp_path)[0]["reasons"] == ["no_user"]

    @pytest.mark.parametrize("approver", ["", " ", "U7", " u7 ", "U7  "])
    def test_the_second_person_is_another_one(self, approver: str, tmp_path: Path) -> None:
        many = [row for n in range(51) for row in feared(f"S{n}", "high")]
        with pytest.raises(SharingRefusedError, match="second_person"):
            listed(many, tmp_path, approver=approver)
        assert len(listed(many, tmp_path, approver="U9").tables["scores"]) == 51

    def test_nor_is_one_named_in_vain(self, tmp_path: Path) -> None:
        """The log would say that two people looked at it."""
        with pytest.raises(SharingRefusedError, match="second_person"):
            listed(matrix(C="high"), tmp_path, approver="u7")

    def test_counts_are_no_list(self, tmp_path: Path) -> None:
        assert "counts" in cases.to_partners(cases.result(), tmp_path, user_id="").tables


class TestNoLineTellsMore:
    def test_who_became_protected_is_not_told(self, tmp_path: Path) -> None:
        rows = [*feared("S-guarded", "high", agency="council"), *feared("S2", "high"),
                *feared("S3", "high", agency="council")]  # fmt: skip
        sent = read_subjects([{"subject_id": "S-guarded", "protected_from": "2026-01-01"}], build.partnership())
        open_, seen = listed(rows, tmp_path), listed(rows, tmp_path, made={"subjects": sent})
        assert seen.tables["scores"].equals(open_.tables["scores"])
        assert len(seen.tables["scores"]) == 3

    def test_no_agency_stands_in_it_and_why_is_told(self, tmp_path: Path) -> None:
        shared = listed(matrix(C="high"), tmp_path)
        gone = {"bars_met", "completeness", "leading_agency", "most_useful_gap"}
        gone |= {"n_records", "n_origins", "n_agencies", "flags"}
        assert gone.isdisjoint(shared.tables["scores"].columns)
        assert gone <= set(shared.withheld[shared.withheld["reason"] == "of_a_list"]["field"])
        assert "whose address is protected" in report(shared)

    def test_one_more_record_of_the_same_band_changes_no_line(self, tmp_path: Path) -> None:
        """Two lists, with and without a record that somebody sent, would give away who a pseudonym is."""
        rows = [row for name in "ABCD" for row in feared(name, "high")]
        stale = cases.fact("old", subject_id="B", indicator="weapon_carrying", event_date="2023-04-01", agency="school")
        first, then = listed(rows, tmp_path), listed([*rows, stale], tmp_path)
        seen = first.tables["scores"].columns.difference(["lower", "upper"])
        assert then.tables["scores"][seen].equals(first.tables["scores"][seen])

    def test_lines_of_one_band_are_alike_but_for_the_pseudonym(self, tmp_path: Path) -> None:
        """No count and no flag tells one from another, nor that there is something to act on now and nobody to call."""
        rows = [*feared("A", "high"), *feared("B", "high"), *feared("C", "high", agency="council")]
        table = listed(rows, tmp_path).tables["scores"].drop(columns="subject_id")
        assert len(table) == 3
        assert len(table.drop_duplicates()) == 1

    def test_what_remains_is_said(self, tmp_path: Path) -> None:
        shared = listed(matrix(C="high"), tmp_path)
        assert "Whoever sent a record may know whose line changed." in report(shared)

    def test_the_file_says_so_too(self, tmp_path: Path) -> None:
        files = cases.every_file(listed(matrix(B="medium", C="high"), tmp_path), tmp_path / "out", (".csv",))
        (scores,) = [data for name, data in files.items() if "scores" in name]
        told = pd.read_csv(io.BytesIO(scores), comment="#")
        assert len(told) == 1


def test_the_number_not_listed_does_not_tell_whose_line_waits_from_who_is_below_the_bar(tmp_path: Path) -> None:
    people = [row for number in range(6) for row in feared(f"P{number}", "high")]
    low = [
        cases.fact(f"l{number}", subject_id=f"Q{number}", agency="school", indicator="trusted_adult")
        for number in range(12)
    ]
    hidden = cases.fact(
        "z", subject_id="P0", agency="council", data_class="patient", gateway="cda_s115",
        indicator="criminal_exploitation", role="exploited",
    )  # fmt: skip

    def told(rows: list[dict[str, Any]], folder: str) -> tuple[int, str]:
        shared = cases.given(cases.result(rows), tmp_path / folder, audience="partnership")
        return len(shared.tables["scores"]), next(note for note in shared.notes if "others" in note)

    for folder in "abc":
        (tmp_path / folder).mkdir()
    assert told([*people, *low], "a")[0] == 6
    waits, below = (
        told([*people, *low, hidden], "b"),
        told([*people[2:], *low, low[0] | {"record_id": "l99", "subject_id": "P0"}], "c"),
    )
    assert waits[0] == below[0] == 5
    assert waits[1] == below[1]
    assert " 13 others" in waits[1]
