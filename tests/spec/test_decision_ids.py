"""What a decision id in a file may not tell: whoever knows the agreement can work out every id that it could give."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import share_cases as cases
from riskshare.io.audit_log import release_id
from riskshare.io.exports import write
from riskshare.records.agreement import digest
from riskshare.releasing.people import EVIDENCE
from riskshare.sharing.asking import Asking, Items, ask, candidates
from riskshare.sharing.shared import Shared

FIELDS = ("indicator", *EVIDENCE)
AGENCIES = ("police", "council", "school", "charity")


def guessed() -> dict[str, str]:
    """Return every decision that a class of rows could have had, by id, and the agency it names; no secret is used."""
    agreed = cases.partnership().sharing
    assert agreed is not None
    (agreement,) = candidates(agreed, "council", "social_worker", "safeguarding", cases.AT, None)
    asking = Asking(
        agreed, agreement, "council", "social_worker", "safeguarding", "practitioner", cases.AT, "U7", "S1",
        relationships=(cases.works_with(),),
    )  # fmt: skip
    found = {}
    for agency, category, role, areas in itertools.product(
        AGENCIES, cases.CATEGORIES, cases.PEOPLE, ((), ("northby",), ("eastby",))
    ):
        found[ask(asking, Items((agency,), category, role, "P", (), areas), FIELDS).id] = agency
    return found


def of_a_refuge(folder: Path) -> Shared:
    return cases.to_practitioner(cases.result([cases.fact("c", agency="charity", indicator="gang_link")]), folder)


def test_no_id_in_a_file_can_be_worked_out_from_what_is_agreed(tmp_path: Path) -> None:
    """Otherwise it would say which service holds something, by name, although the file says "a partner agency"."""
    shared = of_a_refuge(tmp_path)
    known = guessed()
    assert len(known) > 50
    told = json.loads(write(shared, tmp_path / "x.json").read_text())
    assert [known[one] for one in told["decisions"] if one in known] == []
    assert shared.decision not in {digest(sorted(pair)) for pair in itertools.combinations(known, 2)} | set(known)


def test_every_release_has_an_id_of_its_own(tmp_path: Path) -> None:
    """Equal ids would tell that two people's records lie with one agency; so would the number of ids."""
    first, again = (of_a_refuge(tmp_path) for _ in range(2))
    assert first.decision != again.decision
    assert [len(one.decision_ids) for one in (first, again)] == [1, 1]
    assert [one["decision"] for one in cases.entries(tmp_path)] == [first.decision, again.decision]


def test_two_logs_name_one_release_differently_and_one_log_by_whom_it_is_about(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one, other = (cases.log_in(tmp_path / name) for name in ("one", "other"))
    ids = [release_id(log, ["d1"], about=[who]) for log in (one, other) for who in ("S1", "S2")]
    assert len(set(ids)) == 4
    assert release_id(one, ["d1"], about=["S1"]) == ids[0]
