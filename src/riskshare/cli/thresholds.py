"""`riskshare thresholds show|compare`: every agency's bands side by side, and whose bar is higher by how much."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from riskshare.cli.check import fault_counts, tell_faults
from riskshare.cli.faults import Unusable
from riskshare.cli.screen import Screen, as_json
from riskshare.comparing import ThresholdComparison, compare_thresholds
from riskshare.io.characteristics import AGREED, read_characteristics
from riskshare.io.partnership import load_partnership
from riskshare.io.shared_cases import read_shared_cases
from riskshare.io.writing import internal_name, make_folder, write_csv, write_figure, write_text
from riskshare.records.comparison import PERSONAL, TABLES, lines_of
from riskshare.records.shared_cases import SharedCases
from riskshare.reporting import equivalence, heat_table, ladder
from riskshare.reporting.equivalence import CAVEAT, refused_sentence, split_sentence
from riskshare.reporting.ladder_text import text_ladder
from riskshare.reporting.sentences import INTERNAL, marks
from riskshare.reporting.volume_text import volume_lines
from riskshare.reporting.words import counted
from riskshare.scales.rungs import rungs

LARGEST: Final = 3
"""How many gaps are called the largest."""
DEMO_REPLICATES: Final = 200
"""Enough for a demonstration's intervals; `riskshare thresholds compare` draws 500."""


VOLUMES: Final = (
    "Of shared cases only, over the days stated: never a caseload, and cases raised by a route rather than a score are "
    "not in them. Per 10,000 people, then per worker. Brackets after a count follow the interval of the bar; after a "
    "rate they are exact Poisson intervals."
)
"""What the figures of volumes are not."""


class Comparing(NamedTuple):
    """What to compare."""

    folder: Path
    shared_cases: Path
    characteristics: Path | None
    columns: tuple[str, ...]
    replicates: int
    seed: int
    to: str | None
    people: bool


def run_show(folder: Path, scales: Sequence[str], plot: Path | None, screen: Screen) -> None:
    """Show the agreed scales side by side on the common scale; those that cannot be placed, with the reason."""
    partnership = load_partnership(folder)
    known = [scale.id for scale in partnership.scales]
    if not set(scales) <= set(known):
        message = (
            "A scale that was asked for is not agreed in this partnership. `riskshare thresholds show` lists them."
        )
        raise Unusable(message)
    bands, refused = rungs(partnership, [("", scale) for scale in (scales or known)])
    if plot is not None:
        write_figure(plot, ladder.draw_ladder(bands, partnership), ladder.alt_text(bands, partnership))
    screen.say(f"{partnership.name}: {counted(len(scales or known), 'scale')} on the agreed common scale.")
    screen.say(f"Policy basis. {ladder.AGREED}")
    screen.say(marks(partnership, None, trial=False))
    screen.raw("\n" + text_ladder(bands, partnership, width=screen.width))
    if len(refused):
        screen.heading("Cannot be placed")
        for row in refused.to_dict("records"):
            screen.say(f"{partnership.scale(row['scale']).name}: {row['reason']}", indent="- ", hang="  ")
    if plot is not None:
        screen.say(f"Drawn: {plot} (readable by you alone).")
    screen.document(
        {
            "partnership": partnership.name,
            "partnership_version": partnership.version,
            "common_edges": list(partnership.common_scale.edges),
            "bands": lines_of(bands),
            "refused": lines_of(refused),
        }
    )


def run_compare(job: Comparing, out: Path | None, screen: Screen) -> None:
    """Compare thresholds on shared cases, say whose bar is higher and, if asked, write internal files."""
    partnership = load_partnership(job.folder)
    known = [agency.id for agency in partnership.agencies]
    if job.to is not None and job.to not in known:
        message = f"--to is no agency of this partnership. Its agencies are: {', '.join(known)}."
        raise Unusable(message)
    with screen.progress("Reading shared cases") as done:
        cases = read_shared_cases(job.shared_cases, partnership, progress=lambda _, rows: done(rows, None))
    groups = None
    if job.characteristics is not None:
        groups = read_characteristics(job.characteristics, partnership, columns=job.columns or AGREED)
    with screen.progress("Comparing thresholds") as done:
        comparison = compare_thresholds(
            partnership, cases, replicates=job.replicates, seed=job.seed, characteristics=groups, progress=done
        )
    files = [] if out is None else write_comparison(comparison, out, people=job.people)
    if screen.talks:
        _tell(comparison, cases, job.to, screen)
    for file in files:
        screen.say(f"Written: {file} (readable by you alone).")
    screen.document({**comparison.to_dict(people=job.people), **_account(cases, comparison, job.to, files)})


def _account(cases: SharedCases, comparison: ThresholdComparison, to: str | None, files: list[Path]) -> dict[str, Any]:
    return {
        "sentences": comparison.sentences(to=to),
        "conservation": cases.conservation(),
        "counts": {source: dict(counts) for source, counts in cases.counts.items()},
        "faults": fault_counts(cases.quarantine).to_dict("records"),
        "files": [file.name for file in files],
    }


def _tell(comparison: ThresholdComparison, cases: SharedCases, to: str | None, screen: Screen) -> None:
    partnership = comparison.partnership
    screen.say(f"{partnership.name}. {comparison.note()}")
    screen.say(marks(partnership, None, trial=False))
    screen.say(f"{cases.conservation()}.")
    tell_faults(fault_counts(cases.quarantine), screen)
    screen.heading("Whose bar is higher, the widest gap first (population basis)")
    screen.say(CAVEAT)
    for sentence in comparison.sentences(to=to):
        screen.say(sentence, indent="- ", hang="  ")
    screen.heading("How they disagree about 'high': one way, as a bar would make it, and both ways")
    for line in lines_of(comparison.gaps()):
        screen.say(split_sentence(line, partnership), indent="- ", hang="  ")
    for line in lines_of(comparison.invariance):
        if line["flagged"]:
            screen.say(equivalence.invariance_sentence(line, partnership), indent="- ", hang="  ")
    _tell_volumes(comparison, screen)
    _tell_refused(comparison, screen)


def _tell_volumes(comparison: ThresholdComparison, screen: Screen) -> None:
    if comparison.volumes.empty:
        return
    screen.heading("What each bar costs: shared cases flagged, per 10,000 people and per worker")
    screen.say(VOLUMES)
    screen.raw("\n" + volume_lines(lines_of(comparison.volumes), comparison.partnership, width=screen.width))


def _tell_refused(comparison: ThresholdComparison, screen: Screen) -> None:
    refused = lines_of(comparison.refused)
    if not refused:
        return
    screen.heading(f"Not linked ({len(refused)})")
    for line in refused:
        screen.say(refused_sentence(line, comparison.partnership), indent="- ", hang="  ")


def largest_gaps(comparison: ThresholdComparison, most: int = LARGEST) -> list[tuple[str, str]]:
    """Return the widest gaps between bars: for each the sentence of the pair, and how its disagreement splits.

    Pairs of which one side referred most of the cases are left out: their gap may be no more than who was referred.
    """
    told, found = comparison.pair_sentences(), []
    for line in lines_of(comparison.gaps()):
        pair = frozenset({(line["agency"], line["scale"]), (line["other_agency"], line["other_scale"])})
        if pair in told and not line["one_sided_referral"]:
            found.append((told[pair], split_sentence(line, comparison.partnership)))
    return found[:most]


def demo_comparison(folder: Path, shared_cases: Path, out: Path) -> tuple[ThresholdComparison, list[Path]]:
    """Compare thresholds on the shipped example and write the ladder, saying nothing: it runs beside the scoring."""
    comparison = compare_thresholds(load_partnership(folder), shared_cases, replicates=DEMO_REPLICATES)
    return comparison, [write_ladder(comparison, make_folder(out))]


def tell_largest(comparison: ThresholdComparison, screen: Screen) -> None:
    """Print the ladder and the widest gaps between bars."""
    screen.heading("Whose bar is higher: the ladder, and the three largest gaps")
    screen.say(
        f"{comparison.note()} The ladder shows what was agreed, where every high is pinned to one edge; the cases show "
        f"where each high stands among the people in them. {CAVEAT}"
    )
    bands, _ = rungs(comparison.partnership, comparison.by_height())
    screen.raw("\n" + text_ladder(bands, comparison.partnership, width=screen.width) + "\n")
    for pair, split in largest_gaps(comparison):
        screen.say(f"{pair} {split}", indent="- ", hang="  ")


def write_comparison(comparison: ThresholdComparison, out: Path, *, people: bool = False) -> list[Path]:
    """Write the comparison as internal files: tables, sentences, both pictures; a line a person only if asked."""
    folder = make_folder(out)
    columns = {
        "marking": INTERNAL,
        "partnership_version": comparison.partnership_version,
        "engine_version": comparison.engine_version,
    }
    lines = [
        *comparison.sentences(),
        comparison.why_reference(),
        *(split_sentence(row, comparison.partnership) for row in lines_of(comparison.gaps())),
    ]
    lines += [refused_sentence(row, comparison.partnership) for row in lines_of(comparison.refused)]
    rates = volume_lines(lines_of(comparison.volumes), comparison.partnership)
    lines += [f"{VOLUMES}\n{rates}"] if rates else []
    head = [marks(comparison.partnership, None, trial=False), comparison.note(), CAVEAT]
    text = "\n\n".join(line for line in [*head, *lines] if line)
    body = as_json(comparison.to_dict(people=people))
    tables = [name for name in TABLES if people or name not in PERSONAL]
    return [
        write_text(folder / internal_name("thresholds", ".txt"), f"{text}\n"),
        write_text(folder / internal_name("thresholds", ".json"), f"{body}\n"),
        *(write_csv(folder / internal_name(name, ".csv"), getattr(comparison, name), columns) for name in tables),
        *write_pictures(comparison, folder),
    ]


def write_pictures(comparison: ThresholdComparison, folder: Path) -> list[Path]:
    """Write the ladder and the heat table as PNG, each with a description for those who cannot see it."""
    words = heat_table.alt_text(comparison.matrix, comparison.partnership)
    return [
        write_ladder(comparison, folder),
        write_figure(folder / internal_name("bars", ".png"), comparison.plot_matrix(), words),
    ]


def write_ladder(comparison: ThresholdComparison, folder: Path) -> Path:
    """Write the ladder as PNG, with a description for those who cannot see it."""
    partnership, bars = comparison.partnership, comparison.bars()
    bands, _ = rungs(partnership, comparison.by_height())
    words = ladder.alt_text(bands, partnership, bars, comparison.reference)
    return write_figure(folder / internal_name("ladder", ".png"), comparison.plot_ladder(), words)
