"""The README and the how-to pages are true: their Python and their commands run as written, on the shipped example."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import build
import riskshare as rs
from riskshare.cli.app import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "how-to").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def run_python(page: Path) -> tuple[dict[str, Any], str]:
    names: dict[str, Any] = {}
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        for block in blocks(page, "python"):
            exec(compile(block, page.name, "exec"), names)
    return names, said.getvalue()


@pytest.fixture
def no_pictures() -> Iterator[None]:
    from matplotlib import pyplot

    pyplot.switch_backend("Agg")
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "thresholds", home / "thresholds")
    (home / "sample_data").mkdir()
    for file in (ROOT / "sample_data").glob("*.*"):
        shutil.copy(file, home / "sample_data")
    return home


def test_the_code_in_the_readme_runs_and_gives_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names, said = run_python(ROOT / "README.md")
    assert names["result"]["subject_id"] == "X-0001"
    assert names["result"]["score"] == sum(reason["points"] for reason in names["result"]["reasons"])
    assert said.split("\n") == ["cannot say 25 97", "knife_injury 33.0", "criminal_exploitation 7.7", ""]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "# cannot say 25 97" in text
    assert "# knife_injury 33.0, then criminal_exploitation 7.7" in text
    assert f"a score of {names['result']['score']}," in text
    assert f"of {names['assessment'].scores.shape[1]} columns" in text


def test_the_invented_subject_of_the_readme_is_nobody_in_the_sample() -> None:
    assert "X-0001" not in (ROOT / "sample_data" / "evidence.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [page for page in PAGES[1:] if blocks(page, "python")], ids=lambda p: p.stem)
@pytest.mark.usefixtures("no_pictures")
def test_the_code_of_each_page_runs_in_order(page: Path, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(copy)
    _, said = run_python(page)
    if page.stem == "send-evidence":
        promised = re.search(r"print\(evidence.conservation\(\)\)  # (.*)", page.read_text(encoding="utf-8"))
        assert promised
        assert said.strip() == promised[1]


def test_the_page_on_the_audit_log_runs_a_second_time_where_it_ran_before(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy)
    for _ in range(2):
        run_python(ROOT / "docs" / "how-to" / "audit-log.md")


def commands(page: Path) -> list[str]:
    return [line[2:] for block in blocks(page, "console") for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda p: p.stem)
@pytest.mark.usefixtures("no_pictures")
def test_the_commands_of_each_page_run_on_the_example(page: Path, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, in a copy: 1 is what `check` says of the example's faulty rows, which it is meant to show."""
    monkeypatch.chdir(copy)
    if page.stem == "find-hot-spots":  # its commands read a file that its Python writes
        run_python(page)
    before = (copy / "thresholds" / "signatures.toml").read_bytes()
    for command in commands(page):
        program, *args = shlex.split(command)
        if program == "cp":
            shutil.copytree(args[1], args[2], dirs_exist_ok=True)
            continue
        assert program == "riskshare"
        result = CliRunner().invoke(app, args)
        faulty = args[0] == "check" and "sample_data/evidence.csv" in args
        assert result.exit_code == (1 if faulty else 0), (command, result.stderr)
    assert (copy / "thresholds" / "signatures.toml").read_bytes() == before


@pytest.mark.parametrize("page", ["README.md", "docs/index.md", "docs/how-to/command-line.md"])
def test_a_newcomer_is_told_where_the_program_lies(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert "source .venv/bin/activate" in text
    assert ".venv/bin/riskshare" in text


def test_the_steps_written_out_are_those_that_trace_gives() -> None:
    partnership = build.partnership()
    day = "2026-03-31"
    evidence = rs.read_evidence([build.row(event_date=day, recorded_date=day)], partnership)
    trace = rs.assess(evidence, partnership, as_of=day, trial=True).trace("S1", lens="harm_by")
    said = {(row["step"], row["item"]): row["working"] for row in trace.to_dict("records")}
    page = (ROOT / "docs" / "how-to" / "explain-a-score.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| (\w+) \| ([\w-]+) \|[^|]*\|[^|]*\|[^|]*\| `(.*)` \|$", page, flags=re.MULTILINE)
    assert len(lines) == 8
    for step, item, working in lines:
        assert said[step, item] == working


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md"], ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert broken == []
