"""Reading and writing ``sharing.toml``: what is written comes back the same, and its hash is of its content."""

from __future__ import annotations

import random
import shutil
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sharing_small as small
from folders import good_files, write_folder
from riskshare.errors import AgreementError, ArgumentError, PartnershipError
from riskshare.io.agreement import agreements_to_toml, load_agreements, write_agreements
from riskshare.io.examples import example_partnership
from riskshare.io.partnership import load_partnership
from riskshare.io.partnership_files import _plain
from riskshare.records.agreement import Agreement, AgreementSet, Legal, Recipient, in_order
from riskshare.records.sharing_fields import FIELDS, PLACE_LEVELS, TREATMENTS

EXAMPLE_HASH = load_agreements(example_partnership()).policy_hash


def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(example_partnership(), tmp_path / "agreed"))


def test_the_example_survives_being_written_and_read(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    first = load_agreements(folder)
    assert write_agreements(first, folder / "sharing.toml") == folder / "sharing.toml"
    again = load_agreements(folder)
    assert again == first
    assert again.policy_hash == first.policy_hash == EXAMPLE_HASH
    text = (folder / "sharing.toml").read_text(encoding="utf-8")
    assert agreements_to_toml(again.agreements) == text


def test_layout_and_order_change_neither_what_is_read_nor_its_hash(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    first = load_agreements(folder)
    turned = [
        one.model_copy(
            update={
                name: tuple(reversed(getattr(one, name))) for name in ("parties", "rules", "purposes", "population")
            }
        )
        for one in reversed(first.agreements)
    ]
    (folder / "sharing.toml").write_text(
        "# other\n" + agreements_to_toml(turned).replace("\n", "\n\n"), encoding="utf-8"
    )
    assert load_agreements(folder) == first


def test_the_hash_is_the_same_everywhere() -> None:
    """A golden figure: a change of it means that every decision made before names another policy.

    Of terms as they were before a condition for criminal data could be named: what was signed is still what was signed.
    """
    legal = Legal(art6=("e",))
    papers = (small.charter(legal=legal), small.agreement(small.permit(), small.forbid(), legal=legal))
    assert small.agreed(papers=papers).policy_hash == GOLDEN
    assert small.agreement(small.permit(), legal=legal).terms_hash == GOLDEN_TERMS


def test_terms_are_everything_but_who_signed_and_the_status() -> None:
    before = small.agreement(small.permit())
    unsigned = tuple(small.party(name, signed_on=None, signed_by_role=None) for name in small.SECTORS)
    assert small.agreement(small.permit(), parties=unsigned, status="draft").terms_hash == before.terms_hash
    assert small.agreement(small.permit(), parties=unsigned[::-1]).terms_hash == before.terms_hash
    for other in (
        small.agreement(small.permit(treatment={"band": "show"})),
        small.agreement(small.permit(), valid_until=small.REVIEW),
        small.agreement(small.permit(), parties=(small.party("police", role="source"), *unsigned[1:])),
    ):
        assert other.terms_hash != before.terms_hash


def test_an_offset_does_not_change_the_moment_or_the_hash(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    text = (folder / "sharing.toml").read_text(encoding="utf-8")
    assert "2026-07-12T00:00:00+01:00" in text
    other = text.replace("2026-07-12T00:00:00+01:00", "2026-07-11T23:00:00Z")
    (folder / "sharing.toml").write_text(other, encoding="utf-8")
    assert load_agreements(folder).policy_hash == EXAMPLE_HASH


def test_a_partnership_without_an_agreement_is_still_a_partnership(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, good_files())
    assert load_partnership(folder).sharing is None
    with pytest.raises(AgreementError) as caught:
        load_agreements(folder)
    assert [(p.file, p.code) for p in caught.value.problems] == [("sharing.toml", "file_missing")]


def test_an_agreement_changes_neither_policy_nor_version(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    with_it = load_partnership(folder)
    (folder / "sharing.toml").unlink()
    without = load_partnership(folder)
    assert with_it.sharing is not None
    assert (with_it.version, with_it.policy_hash) == (without.version, without.policy_hash)


def test_a_folder_that_is_broken_elsewhere_is_told_so(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "trust.toml").write_text("x = [", encoding="utf-8")
    with pytest.raises(PartnershipError) as caught:
        load_agreements(folder)
    assert not isinstance(caught.value, AgreementError)


def test_arguments_of_another_kind_are_named() -> None:
    with pytest.raises(ArgumentError, match="folder must be a path"):
        load_agreements(7)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError) as caught:
        write_agreements("x", 7)  # type: ignore[arg-type]
    assert len(caught.value.problems) == 2


def test_nothing_of_an_agreement_is_shown_but_counts_and_hash() -> None:
    agreements = load_agreements(example_partnership())
    assert repr(agreements) == f"AgreementSet(3 agreements, policy_hash={EXAMPLE_HASH[:12]})"


def anything(seed: int) -> Agreement:
    """Return an agreement of odd words and many rules."""
    rng = random.Random(seed)
    words = ["plain", 'quote " and \\', "tab\tand\nline", "\x7f", "ÅØ 漢字", "# not a comment", "''' \"\"\" '''", "{x}"]

    def some(values: list[str]) -> tuple[str, ...]:
        return tuple(rng.sample(values, rng.randint(1, len(values))))

    rules = tuple(
        small.permit(
            f"rule.{i}",
            effect=rng.choice(["permit", "forbid"]),
            recipients=tuple(Recipient(agency=a, role=r) for a, r in rng.sample(sorted(small.ROLES.items()), 2)),
            purposes=some(["a", "b-c", "d.e"]),
            treatment={name: rng.choice(TREATMENTS) for name in rng.sample(sorted(FIELDS), rng.randint(0, 5))},
            place_level=rng.choice([None, *PLACE_LEVELS]),
            valid_from=rng.choice([None, small.AT.replace(microsecond=rng.randrange(10**6))]),
        )
        for i in range(rng.randint(0, 4))
    )
    summary = {name: rng.choice(words).strip() or "x" for name in ("why", "what", "how", "who")}
    made = small.agreement(*rules, retention_days={name: rng.randint(1, 900) for name in some(["scores", "odd.name"])})
    return made.model_copy(
        update={
            "public_summary": made.public_summary.model_copy(update=summary),
            "dpia_ref": rng.choice([None, 'a "b" \\ c']),
        }
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=3))
def test_whatever_is_agreed_is_the_same_after_toml(seeds: list[int]) -> None:
    papers = [in_order(anything(seed)) for seed in seeds]
    tables = _plain(tomllib.loads(agreements_to_toml(papers)))["agreements"]
    again = [in_order(Agreement.model_validate_json(_json(table))) for table in tables]
    assert again == papers
    sets = [AgreementSet(agreements=tuple(some), registered=("a",)) for some in (papers, again, again[::-1])]
    assert len({one.policy_hash for one in sets}) == 1


def _json(table: object) -> str:
    import json

    return json.dumps(table)


GOLDEN = "28b5dd9ecde5353d77f96b173fbec7402b448502a44c7f478f6ee26187113732"
GOLDEN_TERMS = "7cf00737d4245aa9dc5bc309c02810169747a95c7f6dbeeb59d41f0f2df3ee67"
