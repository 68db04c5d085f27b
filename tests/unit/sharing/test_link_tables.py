"""Tables of links: Splink's pairs, Splink's clusters, our own columns; every fault by its row and no id."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from riskshare.io.links import read_links
from riskshare.sharing.link_tables import links_of
from riskshare.sharing.links import LinkError, LinkLedger, import_links

WHEN = {"by": "data_team", "at": "2026-03-31"}
CSV = "id_a,id_b,p,model_version,reviewed_by\n0012,9,0.9995,m1,\n7,8,0.4,m1,dsl.3\n"


def test_our_own_columns_keep_zeros_and_reviewers(tmp_path: Path) -> None:
    file = tmp_path / "links.csv"
    file.write_text(CSV, encoding="utf-8")
    first, second = read_links(file)
    assert (first.pair, first.p, first.reviewed_by) == (("0012", "9"), 0.9995, "")
    assert (second.pair, second.reviewed_by) == (("7", "8"), "dsl.3")


def test_splinks_pairs_with_columns_of_its_own(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"match_weight": [13.1], "match_probability": [0.99989], "unique_id_l": ["a"], "unique_id_r": ["b"]}
    )
    table.to_parquet(tmp_path / "links.parquet")
    (one,) = read_links(tmp_path / "links.parquet", model_version="splink 4, model 7")
    assert (one.pair, one.p, one.model_version) == (("a", "b"), 0.99989, "splink 4, model 7")


def test_a_cluster_waits_for_a_reviewer_and_a_reviewed_one_is_merged_and_reversible() -> None:
    table = pd.DataFrame({"cluster_id": ["k"] * 3 + ["l"], "unique_id": ["c", "a", "b", "d"]})
    done = import_links(LinkLedger(), links_of(table, model_version="m1"), **WHEN)
    assert (done.merged, [why for _, why in done.held]) == (0, ["needs_reviewer"] * 2)
    reviewed = links_of(table.assign(reviewed_by="dsl.3"), model_version="m1")
    assert import_links(LinkLedger(), reviewed, **WHEN).ledger.people() == {"a": "a", "b": "a", "c": "a"}


@pytest.mark.parametrize("columns", [["id_a", "id_b"], ["cluster_id"], []])
def test_what_is_no_table_of_links(columns: list[str]) -> None:
    with pytest.raises(LinkError, match="no table of links"):
        links_of(pd.DataFrame(columns=columns))


def test_every_bad_row_is_named_by_number_and_no_id_is() -> None:
    table = pd.DataFrame(
        {
            "id_a": ["zqmark", "zqmark", "a", None, "a", 5, "a"],
            "id_b": ["zqmark", "b", "b", "b", "b", "b", "b"],
            "p": [0.5, "much", 2.0, 0.5, float("nan"), 0.5, 0.5],
        }
    )
    with pytest.raises(LinkError) as fault:
        links_of(table, model_version="m1")
    assert "6 rows hold no link: 1, 2, 3, 4, 5, 6." in str(fault.value)
    assert "zqmark" not in str(fault.value)


def test_a_table_without_model_version_is_refused() -> None:
    with pytest.raises(LinkError, match="1 rows hold no link: 1"):
        links_of(pd.DataFrame({"id_a": ["a"], "id_b": ["b"], "p": [1.0]}))


def test_an_empty_table_gives_no_links() -> None:
    assert links_of(pd.DataFrame(columns=["id_a", "id_b", "p"])) == ()


@pytest.mark.parametrize(
    ("name", "data"), [("x.csv", b""), ("x.csv", b"\xff\xfe\x00"), ("x.parquet", b"PAR?"), ("x.xls", b"")]
)
def test_files_that_cannot_be_read(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(LinkError) as fault:
        read_links(tmp_path / name)
    assert fault.value.__cause__ is None
    assert fault.value.__context__ is None
