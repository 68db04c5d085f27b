"""The shipped example is found in a checkout and inside an installed package; its absence is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskshare.errors import PartnershipError
from riskshare.io import examples


def test_a_checkout_holds_partnership_and_data() -> None:
    assert (examples.example_partnership() / "common_scale.toml").is_file()
    assert (examples.example_data() / "subjects.csv").is_file()


def test_the_installed_package_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "riskshare"
    for name, file in (("thresholds", "partnership.toml"), ("sample_data", "evidence.csv")):
        home = package / "_examples" / name
        home.mkdir(parents=True)
        (home / file).write_text("")
    monkeypatch.setattr(examples, "_PACKAGE", package)
    assert examples.example_partnership() == package / "_examples" / "thresholds"
    assert examples.example_data() == package / "_examples" / "sample_data"


def test_its_absence_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "_PACKAGE", tmp_path / "site" / "riskshare")
    with pytest.raises(PartnershipError, match="not part of this installation"):
        examples.example_partnership()
