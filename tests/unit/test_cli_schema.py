"""`riskshare schema` of the sharing agreement: the shipped example fits it, and what nobody agreed does not."""

from __future__ import annotations

import datetime as dt
import tomllib
from typing import Any

import jsonschema
import pytest

from riskshare.cli.schemas import schemas
from riskshare.io.examples import example_partnership


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


@pytest.fixture
def sharing() -> dict[str, Any]:
    told: dict[str, Any] = plain(tomllib.loads((example_partnership() / "sharing.toml").read_text(encoding="utf-8")))
    return told


def test_the_example_fits(sharing: dict[str, Any]) -> None:
    assert len(sharing["agreements"]) == 3
    jsonschema.validate(sharing, schemas()["sharing"])


@pytest.mark.parametrize(("key", "value"), [("effect", "allow"), ("default", "permit"), ("place_level", "street")])
def test_what_the_agreement_does_not_know_does_not_fit(key: str, value: str, sharing: dict[str, Any]) -> None:
    sharing["agreements"][2]["rules"][0][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(sharing, schemas()["sharing"])
