"""The page about clusters names what there is; what it promises is run on a real cluster in ``test_cluster``."""

from __future__ import annotations

import ast
import importlib
import inspect
import re

import pytest

import engine_cases as cases
import riskshare as rs
from riskshare.engines import limits, spark_cells, spark_run, spark_session

PAGE = (cases.ROOT / "docs" / "how-to" / "score-on-a-cluster.md").read_text(encoding="utf-8")
FUNCTIONS = {
    "assess_on_cluster": spark_run.assess_on_cluster,
    "count_on_cluster": spark_cells.count_on_cluster,
    "hot_cells": spark_cells.hot_cells,
    "load_partnership": rs.load_partnership,
    "session": spark_session.session,
}
CALLS = [
    node
    for block in re.findall(r"```py\n(.*?)```", PAGE, flags=re.DOTALL)
    for node in ast.walk(ast.parse(block))
    if isinstance(node, ast.Call | ast.ImportFrom)
]


def test_what_the_page_imports_is_there() -> None:
    found = [(node.module, name.name) for node in CALLS if isinstance(node, ast.ImportFrom) for name in node.names]
    assert len(found) == 4
    for module, name in found:
        assert getattr(importlib.import_module(str(module)), name) is FUNCTIONS[name]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_what_the_page_calls_takes_what_the_page_gives(name: str) -> None:
    calls = [node for node in CALLS if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name]
    assert calls
    for call in calls:
        given = {str(keyword.arg): None for keyword in call.keywords}
        inspect.signature(FUNCTIONS[name]).bind(*[None] * len(call.args), **given)


def test_the_bound_that_the_page_gives_is_the_one_that_is_used() -> None:
    assert f"some {round(limits.most_rows(limits.DEFAULT), -4):,} rows in 2 GiB" in PAGE
