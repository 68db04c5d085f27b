"""Two releases at once are compared with each other, and maps of an older register are not forgotten."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

import share_cases as cases
from riskshare.errors import ReleaseRefusedError
from riskshare.io.sharing_store import read_releases
from riskshare.releasing import sharing_out


def home() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"id": ["B0"], "name": ["x"]}, geometry=[shapely.Point(403993, 302005)], crs=27700)


def test_of_two_maps_at_once_only_one_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = sharing_out.read_releases

    def slowly(log: Any) -> Any:
        found = real(log)
        time.sleep(0.3)  # long enough for the other to read the same
        return found

    monkeypatch.setattr(sharing_out, "read_releases", slowly)
    results, given, refused = (cases.spots(), cases.spots(buildings=home())), [], []

    def one(result: Any) -> None:
        try:
            given.append(cases.to_partners(result, tmp_path))
        except ReleaseRefusedError:
            refused.append(result)

    threads = [threading.Thread(target=one, args=(result,)) for result in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(given), len(refused)) == (1, 1)
    assert len(read_releases(cases.log_in(tmp_path))) == 1


def test_a_map_of_an_older_register_is_compared_as_one_made_with_unknown_buildings(tmp_path: Path) -> None:
    cases.to_partners(cases.spots(), tmp_path)
    register = tmp_path / "audit.sqlite.releases.json"
    lines = json.loads(register.read_text())
    register.write_text(json.dumps([{name: line[name] for name in line if name != "doors"} for line in lines]))
    with pytest.raises(ReleaseRefusedError):
        cases.to_partners(cases.spots(buildings=home()), tmp_path)
