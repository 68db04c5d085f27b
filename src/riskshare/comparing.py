"""Comparing what partners do: whose bar is higher, who acts how fast, and who owes what to one person by when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskshare.errors import EvidenceError
from riskshare.io.shared_cases import read_shared_cases
from riskshare.records.arguments import is_text, is_whole, require
from riskshare.records.characteristics import Characteristics
from riskshare.records.comparison import TABLES, table_of
from riskshare.records.comparison_tables import ComparisonTables, Party
from riskshare.records.links import Link, days_window
from riskshare.records.partnership import Partnership
from riskshare.records.plan import Plan as PlanRecord
from riskshare.records.responses import Responses
from riskshare.records.shared_cases import SharedCases
from riskshare.reporting import equivalence, heat_table, ladder, plans
from riskshare.reporting.words import counted, day
from riskshare.scales.agreed import refusal
from riskshare.scales.bars import as_written
from riskshare.scales.case_readings import readings_table, spread_table
from riskshare.scales.comparison import compare_pairs, link_pair, reference_of
from riskshare.scales.rungs import cut_positions, high_edge, rungs
from riskshare.version import VERSION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from riskshare.records.response_times import ResponseTimes
    from riskshare.responses.held import Assessed

REPLICATES: Final = 500
"""Bootstrap replicates (methods: thresholds, C3)."""


@dataclass(frozen=True, repr=False, eq=False)
class ThresholdComparison(ComparisonTables):
    """Where every agency's bar falls on every other's scale, with its sentences and pictures.

    What it holds stands with ``records.comparison_tables.ComparisonTables``: ``matrix``, ``cuts``, ``disagreement``,
    ``volumes``, ``invariance``, ``refused``, ``readings``, ``spread``, and how they were made.
    """

    def sentences(self, *, to: str | None = None) -> list[str]:
        """Return one sentence a pair of agencies, the widest gap first, or what one agency should read.

        Pairs of which one side referred most of the cases come last.

        Parameters
        ----------
        to : str, optional
            An agency's id: the sentences then say where every other agency's high falls on its own scale, and call
            it "you". Otherwise each pair is told once, on the scale with the more steps.

        Returns
        -------
        list of str

        Raises
        ------
        ArgumentError
            ``to`` is no agency of the partnership.
        """
        known = [agency.id for agency in self.partnership.agencies]
        rule = f"to must be the id of an agency ({', '.join(known)}), or None."
        require("sentences", {rule: to is None or to in known})
        return [said for _, said in self._told(to)]

    def pair_sentences(self) -> dict[frozenset[Party], str]:
        """Return the sentences by the two sides they are about, in the same order."""
        return dict(self._told(None))

    def _told(self, to: str | None) -> list[tuple[frozenset[Party], str]]:
        volumes = {(*_bar_of(row), *_whose(row)): row for row in records(self.volumes)}
        gaps = records(self.gaps())
        rank = {frozenset({_whose(row), (row["other_agency"], row["other_scale"])}): i for i, row in enumerate(gaps)}
        found = []
        for line in records(self.matrix):
            source, target = _whose(line), (line["target_agency"], line["target_scale"])
            volume = volumes.get((*source, *target))
            chosen = target[0] == to if to is not None else self._told_on(source, target) == target
            if chosen and volume is not None:
                said = equivalence.pair_sentence(line, volume, self.partnership, to=to)
                found.append((frozenset({source, target}), said))
        return sorted(found, key=lambda item: rank.get(item[0], len(rank)))

    def _told_on(self, source: Party, target: Party) -> Party:
        """Return the side of a pair on whose scale it is told: the finer scale, the first agency's of two alike."""
        both = [party for party in self.parties if party in (source, target)]
        cut = [party for party in both if high_edge(self.partnership.scale((set(both) - {party}).pop()[1]))]
        return min(cut or both, key=lambda party: self.partnership.scale(party[1]).kind == "ordinal")

    def bars(self) -> pd.DataFrame:
        """Return where each agency's high falls on the reference scale, the reference's own cuts among them.

        ``agency, scale, edge, estimate, lower, upper, flags``, in the reference's native units, as cuts are written.
        """
        columns = ["agency", "scale", "edge", "estimate", "lower", "upper", "flags"]
        if self.reference is None:
            return pd.DataFrame(columns=columns)
        there = (self.matrix["target_agency"] == self.reference[0]) & (self.matrix["target_scale"] == self.reference[1])
        scale = self.partnership.scale(self.reference[1])
        edge, cuts = high_edge(scale), cut_positions(scale, self.partnership.common_scale)
        own = [] if edge is None else [float(as_written(scale, cuts[edge]))]
        lines = [(*self.reference, edge, cut, cut, cut, ()) for cut in own]
        frames = [pd.DataFrame(lines, columns=columns), self.matrix.loc[there, columns]]
        return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)

    def by_height(self) -> tuple[Party, ...]:
        """Return who scored on which scale, the lowest bar on the reference scale first; those without a place last."""
        bars = records(self.bars())
        place = {_whose(row): row["estimate"] for row in bars}
        down = self.reference is not None and self.partnership.scale(self.reference[1]).direction == "safety"
        placed = sorted(
            (party for party in self.parties if party in place), key=lambda party: place[party], reverse=down
        )
        return (*placed, *(party for party in self.parties if party not in place))

    def note(self) -> str:
        """Return the size and the dates of the sample, in a sentence."""
        if self.period is None:
            return "No shared cases."
        first, last = (day(dt.date.fromisoformat(text)) for text in self.period)
        return f"{counted(self.n_cases, 'shared case')}, scored from {first} to {last}."

    def plot_ladder(self) -> Figure:
        """Return the ladder: every agency's bands as agreed and, beside them, where the shared cases put each high.

        Raises
        ------
        MissingExtraError
            matplotlib is not installed.
        """
        bands, _ = rungs(self.partnership, self.by_height())
        return ladder.draw_ladder(
            bands, self.partnership, bars=self.bars(), reference=self.reference, note=self.note(),
            why_reference=self.why_reference(),
        )  # fmt: skip

    def why_reference(self) -> str:
        """Return whose scale the readings stand side by side on, and why that one, in a sentence; empty for none."""
        if self.reference is None:
            return ""
        agency, scale = self.reference
        links = (self.matrix["target_agency"] == agency) & (self.matrix["target_scale"] == scale)
        return (
            f"All stand on {self.partnership.scale(scale).name} because no other scale is linked to more "
            f"({int(links.sum())}); of several such, one with a high cut, then with more steps, then the first listed."
        )

    def plot_matrix(self) -> Figure:
        """Return the matrix as a heat table with intervals.

        Raises
        ------
        MissingExtraError
            matplotlib is not installed.
        """
        parties = [party for party in self.by_height() if not refusal(self.partnership.scale(party[1]))]
        return heat_table.draw_matrix(self.matrix, self.disagreement, parties, self.partnership, note=self.note())


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the lines of a table."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _whose(row: Mapping[str, Any]) -> Party:
    return row["agency"], row["scale"]


def _bar_of(row: Mapping[str, Any]) -> Party:
    return row["bar_of"], row["bar_of_scale"]


def compare_thresholds(
    partnership: Partnership,
    shared_cases: object,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
    characteristics: Characteristics | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ThresholdComparison:
    """Return where every agency's bar falls on every other's scale, on the population basis, and what the gaps cost.

    Each pair of agencies is linked on the cases both have read, with the method that their number and the kinds of
    scale call for; the rule is reported with each line. What cannot be linked is refused with the reason and listed;
    nothing is dropped silently. Nobody need have signed anything: a comparison scores nobody.

    Parameters
    ----------
    partnership : Partnership
        From ``load_partnership``.
    shared_cases : SharedCases, or anything that ``read_shared_cases`` takes
        Cases that at least two agencies have read.
    replicates : int
        Bootstrap replicates, by person; 500 or more for figures that are shown to anybody.
    seed : int
        Of the bootstrap. The same input and seed give the same figures.
    characteristics : Characteristics, optional
        From ``read_characteristics``: every link is then also fitted in each group, and ``invariance`` says whether it
        holds alike for all.
    progress : callable, optional
        Called with the pairs done and the pairs in all.

    Returns
    -------
    ThresholdComparison
        No cases give empty tables.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed; all of them are named.
    EvidenceFileError
        The shared cases were given as a source that is stopped whole.

    Notes
    -----
    Methods: thresholds, C2 to C5. Linking says which scores stand equally high among these people; it does not say
    that they measure the same thing, nor how likely harm is.

    Examples
    --------
    See ``docs/how-to/compare-thresholds.md``.
    """
    kinds = {
        "partnership must be a Partnership, from load_partnership.": isinstance(partnership, Partnership),
        **_bootstrap_rules(replicates, seed),
        "characteristics must be Characteristics, from read_characteristics, or None.": characteristics is None
        or isinstance(characteristics, Characteristics),
        "progress must be a function of pairs done and pairs in all, or None.": progress is None or callable(progress),
    }
    require("compare_thresholds", kinds)
    cases = shared_cases if isinstance(shared_cases, SharedCases) else read_shared_cases(shared_cases, partnership)
    _same_agreement(partnership, cases)
    found = compare_pairs(
        partnership, cases, replicates=replicates, seed=seed, characteristics=characteristics, progress=progress
    )
    reference = reference_of(partnership, found)
    readings = readings_table(partnership, cases, found.parties, found.links, reference)
    cuts = table_of(found.cuts, TABLES["cuts"])
    tables: dict[str, Any] = {name: table_of(getattr(found, name), TABLES[name]) for name in _PAIR_TABLES}
    return ThresholdComparison(
        partnership=partnership,
        matrix=cuts[_is_high(partnership, cuts)].reset_index(drop=True),
        cuts=cuts,
        **tables,
        readings=readings,
        spread=spread_table(readings),
        parties=found.parties,
        reference=reference,
        period=days_window(cases.table["scored_at"].to_pylist()),
        n_cases=int(readings["subject_id"].nunique()),
        replicates=int(replicates),
        seed=int(seed),
        engine_version=VERSION,
        links=found.links,
    )


_PAIR_TABLES: Final = ("disagreement", "volumes", "invariance", "refused")


def _is_high(partnership: Partnership, cuts: pd.DataFrame) -> npt.NDArray[np.bool_]:
    edges = {scale.id: high_edge(scale) for scale in partnership.scales}
    return np.array([edges[scale] == edge for scale, edge in zip(cuts["scale"], cuts["edge"], strict=True)], np.bool_)


def link_scales(
    partnership: Partnership,
    shared_cases: object,
    *,
    source: tuple[str, str],
    target: tuple[str, str],
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Link:
    """Return the link from one agency's scale to another's on the population basis, to be used on new scores.

    Parameters
    ----------
    partnership : Partnership
        From ``load_partnership``.
    shared_cases : SharedCases, or anything that ``read_shared_cases`` takes
    source, target : (agency id, scale id)
    replicates, seed : int
        As for ``compare_thresholds``.

    Returns
    -------
    Link
        Callable on native values of the source; ``link.to_dict()`` writes it with all that made it.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed; all of them are named.
    LinkRefusedError
        The two cannot be linked; the reason says what to do.
    EvidenceFileError
        The shared cases were given as a source that is stopped whole.

    Examples
    --------
    See ``docs/how-to/compare-thresholds.md``.
    """
    agreed = isinstance(partnership, Partnership)
    kinds = {
        "partnership must be a Partnership, from load_partnership.": agreed,
        "source must be the ids of an agency and of an agreed scale.": agreed and _is_party(partnership, source),
        "target must be the ids of an agency and of an agreed scale.": agreed and _is_party(partnership, target),
        **_bootstrap_rules(replicates, seed),
    }
    require("link_scales", kinds)
    cases = shared_cases if isinstance(shared_cases, SharedCases) else read_shared_cases(shared_cases, partnership)
    _same_agreement(partnership, cases)
    return link_pair(
        partnership, cases, (source[0], source[1]), (target[0], target[1]), replicates=replicates, seed=seed
    )


def _bootstrap_rules(replicates: object, seed: object) -> dict[str, bool]:
    return {
        "replicates must be a whole number from 2 to 100,000.": is_whole(replicates) and 2 <= replicates <= 100_000,  # type: ignore[operator]  # is_whole said so
        "seed must be a whole number of at least 0.": is_whole(seed) and seed >= 0,  # type: ignore[operator]  # the same
    }


def _is_party(partnership: Partnership, party: object) -> bool:
    """Return whether it is the id of an agency and of a scale of the partnership."""
    if not isinstance(party, (tuple, list)) or len(party) != 2 or not all(is_text(one) for one in party):
        return False
    return party[0] in {one.id for one in partnership.agencies} and party[1] in {one.id for one in partnership.scales}


def compare_responses(
    partnership: Partnership, responses: object, *, until: str | dt.date | dt.datetime, nation: str = "england"
) -> ResponseTimes:
    """Return how fast agencies act, against their own standards and beside one another at matched severity.

    Parameters
    ----------
    partnership : Partnership
        From ``load_partnership``.
    responses : Responses, or anything that ``read_responses`` takes
    until : str, datetime.date or datetime.datetime
        Up to when cases are known; cases then open are counted for as long as they have lasted.
    nation : {"england", "wales", "scotland", "northern_ireland"}
        Whose bank holidays are no working days.

    Returns
    -------
    ResponseTimes
        No responses give empty tables.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed; all of them are named.
    PolicyError
        ``until`` is no day or moment.
    EvidenceFileError
        The responses were given as a source that is stopped whole.

    Notes
    -----
    Methods: thresholds, C5; all of it stands with ``responses.compare.compare``.

    Examples
    --------
    See ``docs/how-to/compare-responses.md``.
    """
    from riskshare.io.responses import read_responses
    from riskshare.responses.compare import compare  # heavy: it needs survival curves and calendars

    agreed = isinstance(partnership, Partnership)
    require("compare_responses", {"partnership must be a Partnership, from load_partnership.": agreed})
    cases = responses if isinstance(responses, Responses) else read_responses(responses, partnership)
    return compare(partnership, cases, until=until, nation=nation)


class Plan(PlanRecord):
    """A joint response plan for one person, with its text: the earliest duty first. It decides nothing.

    What it holds stands with ``records.plan.Plan``: ``actions``, ``unbound``, ``notes``, ``results``, how it was made.
    """

    def text(self) -> str:
        """Return the plan in plain English, a paragraph an action; internal, as it names the person's pseudonym.

        Examples
        --------
        See ``docs/how-to/compare-responses.md``.
        """
        return "\n\n".join(plans.plan_sentences(self))


def response_plan(
    assessment: Assessed,
    subject_id: str,
    *,
    partnership: Partnership,
    at: str | dt.datetime,
    for_practitioner: str | None = None,
    nation: str = "england",
    started: Mapping[tuple[str, str], str | dt.date | dt.datetime] | None = None,
) -> Plan:
    """Return the joint response plan for one person: who does what by when, the earliest duty first.

    Parameters
    ----------
    assessment : Assessment
        From ``assess``.
    subject_id : str
        The pseudonym.
    partnership : Partnership
        The one the assessment was made under.
    at : str or datetime.datetime
        When the plan is made, with an offset, on or after the day of the assessment. No clock starts here.
    for_practitioner : str, optional
        The role of whoever judges the plan, not a name; without it the plan says that one is to be named.
    nation : {"england", "wales", "scotland", "northern_ireland"}
        Whose bank holidays are no working days.
    started : mapping of (str, str) to str, datetime.date or datetime.datetime, optional
        When standards are known to have started, by id of agency and of standard: a moment with an offset, or a day
        for a standard in working days. Evidence does not hold it, and no due date is given without it.

    Returns
    -------
    Plan

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed; all of them are named.
    UnknownSubjectError
        The assessment has no result for that subject.
    PolicyError
        Another agreement, a moment before the assessment, or a start after the plan or of no use.

    Notes
    -----
    Nothing decides about the person: all of it stands with ``responses.plan.draw_plan``.

    Examples
    --------
    See ``docs/how-to/compare-responses.md``.
    """
    from riskshare.responses.plan import NOT_NAMED, draw_plan  # heavy: it needs calendars

    parts = ("as_of", "trial", "partnership", "scores", "act_now", "staff_safety")
    known = all(hasattr(assessment, part) for part in parts)
    require("response_plan", {"assessment must be an Assessment, from assess.": known})
    role = NOT_NAMED if for_practitioner is None else for_practitioner
    drawn = draw_plan(
        assessment, subject_id, partnership, at=at, for_practitioner=role, nation=nation, started=started
    )  # fmt: skip
    return Plan(**{name: getattr(drawn, name) for name in PlanRecord.model_fields})


def _same_agreement(partnership: Partnership, cases: SharedCases) -> None:
    """Refuse cases read under another partnership: their codes would mean nothing here."""
    agreed = {
        "agency": [agency.id for agency in partnership.agencies],
        "scale": [scale.id for scale in partnership.scales],
    }
    strange = [name for name, ids in agreed.items() if not set(cases.table[name].unique().to_pylist()) <= set(ids)]
    if strange:
        msg = (
            f"The shared cases name an {' and a '.join(strange)} that this partnership has not agreed: they were read "
            "under another one. Read them again with read_shared_cases(source, partnership)."
        )
        raise EvidenceError(msg)
