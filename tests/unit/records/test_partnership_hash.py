"""The content hash sees every number and every agreed word, and nothing of how a file is laid out."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import math
import pickle
import random
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import build
from folders import Files, changed, good_files, to_toml, to_toml_with_headings, write_folder
from riskshare.errors import PartnershipError, UnsignedPolicyError
from riskshare.io.partnership import load_partnership
from riskshare.records import partnership
from riskshare.records.partnership import Partnership
from riskshare.records.partnership_hash import in_order, policy_hash
from riskshare.records.policy import Anchor, BaseRate, Caps, Correlation, Family, FlagLimits, TrustPolicy
from riskshare.records.scale import CommonScale
from small import assessed, row

SECOND = {
    "id": "demo.another",
    "name": "Second",
    "owner": "demo",
    "kind": "continuous",
    "direction": "risk",
    "lo": 1.0,
    "hi": 5.0,
    "bands": [{"name": "some", "from": 1.0}, {"name": "much", "from": 2.0, "pins": "high"}],
    "source": "Demo guide",
    "year": "undated",
    "mark": "local",
    "valid_from": dt.date(2020, 1, 1),
}
FILES: Files = good_files() | {"scales/zz.toml": SECOND}
ORDERED = ("bands", "anchors", "date_formats")


def load(files: Files) -> Partnership:
    with tempfile.TemporaryDirectory() as folder:
        return load_partnership(write_folder(Path(folder), files))


GOOD = load(FILES)


def shuffled(value: Any, dice: random.Random, name: str = "") -> Any:
    """The same content in another order, wherever order means nothing."""
    if isinstance(value, dict):
        keys = list(value)
        dice.shuffle(keys)
        return {key: shuffled(value[key], dice, key) for key in keys}
    if isinstance(value, list):
        items = [shuffled(item, dice) for item in value]
        if name not in ORDERED:
            dice.shuffle(items)
        return items
    return int(value) if isinstance(value, float) and value.is_integer() and dice.random() < 0.5 else value


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.booleans(), st.text("abcé \t", max_size=8))
def test_layout_order_comments_and_file_names_do_not_count(seed: int, headings: bool, comment: str) -> None:
    dice = random.Random(seed)
    files: Files = {}
    for name, table in FILES.items():
        own = f"scales/{dice.randrange(10**9)}.toml" if name.startswith("scales/") else name
        table = shuffled(table, dice)
        files[own] = f"# {comment}\n" + (to_toml_with_headings(table, comment=comment) if headings else to_toml(table))
    assert load(files) == GOOD


def numbers(table: Any, path: str = "") -> list[tuple[str, float]]:
    """Every number of a table with its key path."""
    if isinstance(table, dict | list):
        inner = table.items() if isinstance(table, dict) else enumerate(table)
        return [
            found
            for key, value in inner
            for found in numbers(value, path + (f"[{key}]" if isinstance(key, int) else f".{key}" if path else key))
        ]
    return [(path, table)] if isinstance(table, int | float) and not isinstance(table, bool) else []


NUMBERS = [(file, *place) for file, table in FILES.items() for place in numbers(table)]
FIRST = {(file, key) for file in ("scales/demo.count.toml", "scales/zz.toml") for key in ("lo", "bands[0].from")}


@pytest.mark.parametrize(("file", "path", "value"), NUMBERS, ids=lambda v: str(v)[:40])
def test_any_number_changed_changes_the_hash(file: str, path: str, value: float) -> None:
    # The first band begins where the scale does, so those two move together.
    paths = ("lo", "bands[0].from") if (file, path) in FIRST else (path,)
    for other in (type(value)(value * (1 - 2**-40)), value + 0.25, value + 1, value - 1):
        try:
            agreed = load(changed(FILES, *((file, one, other) for one in paths)))
        except PartnershipError:
            continue  # the number next to it is not allowed there; the one on the other side is
        if other != value:
            assert agreed.version != GOOD.version
            assert (agreed.policy_hash != GOOD.policy_hash) == (file != "partnership.toml")
            return
    pytest.fail("no neighbouring number is allowed")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "Elsewhere"),
        ("purpose", "other"),
        ("example", False),
        ("agencies[0].contact", "another desk"),
        ("agencies[0].sensitive", True),
    ],
)
def test_what_is_not_signed_changes_the_version_alone(path: str, value: Any) -> None:
    agreed = load(changed(FILES, ("partnership.toml", path, value)))
    assert agreed.policy_hash == GOOD.policy_hash
    assert agreed.version != GOOD.version


def test_a_signature_changes_neither() -> None:
    agreed = load(FILES | {"signatures.toml": ""})
    assert (agreed.policy_hash, agreed.version) == (GOOD.policy_hash, GOOD.version)


def test_words_are_agreed_too() -> None:
    agreed = load(changed(FILES, ("trust.toml", "indicators[0].definition", "Another definition.")))
    assert agreed.policy_hash != GOOD.policy_hash


def test_the_hash_stays_what_it_was() -> None:
    """A change here makes every partnership sign again: it needs a reason and a note to them.

    The canonical text is written out, so that the hash can be made again with any SHA-256 tool.
    """
    trust = TrustPolicy(
        title="T",
        agreed="proposal",
        purpose="é",
        tau_max=0.99,
        relay_fidelity=1.0,
        twin_days=3,
        z=1.96,
        completeness_for_low=0.5,
        grades=(),
        indicators=(),
        families=(Family(id="f", name="F", p=math.inf),),
        correlation=Correlation(other=0.5, unstated=0.9),
        caps=Caps(),
        base_rate=BaseRate(harm_by=-3.0, harm_to=-3.0, sd=0.0),
        anchors=(Anchor(log_odds=-3.0, points=20.0), Anchor(log_odds=0.0, points=80.0)),
        flags=FlagLimits(police_led=0.5, anecdote_led=0.5, stale_freshness=1e-05),
    )
    text = (
        '{"agencies":{"a":["police",["%Y-%m-%d"]]},'
        '"common_scale":{"agreed":"proposal","high_from":70.0,"medium_from":30.0,"very_high_from":90.0},"scales":[],'
        '"trust":{"agreed":"proposal","anchors":[{"log_odds":-3.0,"points":20.0},{"log_odds":0.0,"points":80.0}],'
        '"base_rate":{"harm_by":-3.0,"harm_to":-3.0,"sd":0.0},"caps":{"anecdotal":null,"sectors":{}},'
        '"completeness_for_low":0.5,"correlation":{"other":0.5,"unstated":0.9,"within_agency":{}},"expected_answers":[],'
        '"families":[{"id":"f","name":"F","p":Infinity}],'
        '"flags":{"anecdote_led":0.5,"police_led":0.5,"stale_freshness":1e-05},"gateways":[],"grades":[],'
        '"handling_conditions":[],"indicators":[],"needs_gateway":[],"purpose":"é","relay_fidelity":1.0,'
        '"source_types":[],"tau_max":0.99,"title":"T","twin_days":3,"z":1.96}}'
    )
    police = build.agency("a", sector="police")
    assert policy_hash(trust, (), CommonScale(), (police,)) == hashlib.sha256(text.encode()).hexdigest()


def test_order_is_made_at_every_depth() -> None:
    trust = build.trust_policy()
    turned = trust.model_copy(update={"gateways": trust.gateways[::-1], "needs_gateway": trust.needs_gateway[::-1]})
    assert in_order(turned) == in_order(trust)
    assert in_order(in_order(trust)) == in_order(trust)


def test_a_single_lens_is_a_word_not_a_list_to_sort() -> None:
    agreed = build.partnership()
    (question,) = in_order(agreed.trust).expected_answers
    assert question.lens == "harm_by"


def test_what_scoring_takes_from_agencies_is_signed(tmp_path: Path) -> None:
    """A sector decides caps and police share: changing it must undo every signature."""
    agreed = load_partnership(write_folder(tmp_path / "a"))
    other = changed(good_files(), ("partnership.toml", "agencies[2].sector", "voluntary"))
    assert load_partnership(write_folder(tmp_path / "b", other)).policy_hash != agreed.policy_hash


# -------------------------------------------------------------------------------------------- changed after loading


def changed_in_memory() -> dict[str, Partnership]:
    """A signed partnership of which something was changed after everybody signed, by what was changed."""
    signed = build.partnership()
    trust, (scale,) = signed.trust, signed.scales
    caps = trust.caps.model_copy(update={"sectors": {"police": 99.0}})
    police = build.agency("police", sector="voluntary")
    return {
        "a number of the trust policy": replace(signed, trust=trust.model_copy(update={"z": 0.1})),
        "a cap": replace(signed, trust=trust.model_copy(update={"caps": caps})),
        "a scale": replace(signed, scales=(scale.model_copy(update={"step": 0.5}),)),
        "the common scale": replace(signed, common_scale=CommonScale(high_from=60.0)),
        "a sector": replace(signed, agencies=(*(a for a in signed.agencies if a.id != "police"), police)),
    }


@pytest.mark.parametrize("what", changed_in_memory())
def test_what_was_signed_is_what_is_used(what: str) -> None:
    tampered = changed_in_memory()[what]
    assert tampered.signatures == build.partnership().signatures
    with pytest.raises(UnsignedPolicyError, match="riskshare sign"):
        assessed([row()], partnership=tampered)
    (told,) = assessed([row()], partnership=tampered, trial=True).to_dicts()
    assert told["trial"] is True
    assert told["policy_hash"] != build.partnership().policy_hash
    assert told["partnership_version"] != build.partnership().version


def test_signing_what_was_changed_makes_it_good() -> None:
    changed_and_signed = build.sign_all(changed_in_memory()["a cap"])
    assert not assessed([row()], partnership=changed_and_signed).trial


def test_a_loaded_partnership_cannot_be_changed_in_place() -> None:
    trust = GOOD.trust
    with pytest.raises(ValidationError):
        trust.z = 0.1
    for table in (trust.caps.sectors, trust.correlation.within_agency):
        for change in (
            lambda table=table: table.update(police=9.0),
            lambda table=table: table.__setitem__("police", 9.0),
            lambda table=table: table.pop("police"),
            lambda table=table: table.clear(),
            lambda table=table: table.__ior__({"police": 9.0}),
        ):
            with pytest.raises(TypeError, match="cannot be changed"):
                change()
    assert load(FILES) == GOOD


def test_a_copy_is_as_fixed_and_as_signed() -> None:
    for copied in (copy.deepcopy(GOOD), pickle.loads(pickle.dumps(GOOD))):
        assert copied == GOOD
        assert (copied.policy_hash, copied.version) == (GOOD.policy_hash, GOOD.version)
        with pytest.raises(TypeError, match="cannot be changed"):
            copied.trust.caps.sectors["police"] = 9.0


def test_hashes_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scoring one person at a time must not pay for them each time."""
    agreed = build.partnership()
    first = (agreed.policy_hash, agreed.version)
    monkeypatch.setattr(partnership, "policy_hash", None)
    monkeypatch.setattr(partnership, "version_hash", None)
    assert (agreed.policy_hash, agreed.version) == first
