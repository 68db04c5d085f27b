"""The one composition of the stages: evidence in, an explained assessment out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from riskshare.errors import ArgumentError, PolicyError, UnknownSubjectError, UnsignedPolicyError
from riskshare.kernels.segments import Bools, Floats
from riskshare.records.arguments import is_flag, is_text, is_texts, require
from riskshare.records.days import as_day
from riskshare.records.evidence import Evidence, Subjects
from riskshare.records.partnership import Partnership
from riskshare.records.policy import LENSES
from riskshare.scales.normalise import Readings, normalise
from riskshare.scoring import findings
from riskshare.scoring.alone import Alone, alone_table, score_alone
from riskshare.scoring.changes import changes
from riskshare.scoring.doubt import doubt_table
from riskshare.scoring.explain import EXPLAIN_COLUMNS, explain_block, explain_subject
from riskshare.scoring.export import results
from riskshare.scoring.leave_out import agency_table
from riskshare.scoring.questions import question_table
from riskshare.scoring.score import Block, Scored, block, blocks, listed_units, score_all, score_block
from riskshare.scoring.tables import bar_table, score_table, unit_facts
from riskshare.scoring.trace import trace_table
from riskshare.trust.placed import placed_rows
from riskshare.trust.weigh import N_LENSES, Weighed, weigh
from riskshare.version import VERSION

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def assess(
    evidence: Evidence,
    partnership: Partnership,
    *,
    as_of: str | dt.date,
    subjects: Subjects | None = None,
    trial: bool = False,
    conditions_met: Collection[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Assessment:
    """Return explained scores of everybody the evidence is about, as known on one day.

    Parameters
    ----------
    evidence : Evidence
        From ``read_evidence``.
    partnership : Partnership
        From ``load_partnership``; every agency that supplied a row must have signed its policy.
    as_of : str or datetime.date
        The day (``YYYY-MM-DD`` and no other form). Rows recorded later are not known; nothing reads the clock.
    subjects : Subjects, optional
        Ages, from ``read_subjects``. Where an age is not known, a person is treated as a child wherever that protects.
    trial : bool
        Let an unsigned policy run, as a pilot: the result is watermarked and cannot be shared.
    conditions_met : collection of str
        Named handling conditions that this use satisfies; rows that carry others have no weight.
    progress : callable, optional
        Called with rows done and rows in all.

    Returns
    -------
    Assessment
        Empty evidence gives an empty assessment.

    Raises
    ------
    UnsignedPolicyError
        A contributing agency has not signed the policy in force, and ``trial`` is False.
    ArgumentError
        An argument is not of the kind that is needed; all of them are named.
    EvidenceError
        The evidence carries codes (agencies, indicators, grades, source types) that this partnership has not agreed: it
        was read under another agreement. One that agrees the same codes is not told apart; ``partnership_version`` of
        the evidence says which it was.
    PolicyError
        ``as_of`` is not a day, or a condition is not an agreed one.

    Notes
    -----
    Methods: model. Nothing here decides about a person: it informs a named practitioner.

    Examples
    --------
    See the README: one subject from plain dictionaries in a few lines.
    """
    kinds = {
        "evidence must be Evidence, from read_evidence.": isinstance(evidence, Evidence),
        "partnership must be a Partnership, from load_partnership.": isinstance(partnership, Partnership),
        "subjects must be Subjects, from read_subjects, or None.": subjects is None or isinstance(subjects, Subjects),
        "trial must be True or False.": is_flag(trial),
        "conditions_met must be a collection of texts, such as a list; () for none.": is_texts(conditions_met),
        "progress must be a function of rows done and rows in all, or None.": progress is None or callable(progress),
    }
    require("assess", kinds)
    day = as_day(as_of)
    check_conditions(partnership, conditions_met)
    check_signed(partnership, pc.unique(evidence.rows["agency"]).to_pylist(), trial=trial)
    readings = normalise(evidence.rows, partnership)
    severity, not_scored = row_severity(evidence.rows, readings)
    weighed = weigh(
        evidence, partnership, as_of=(day - dt.date(1970, 1, 1)).days, severity=severity, not_scored=not_scored,
        conditions_met=frozenset(conditions_met),
    )  # fmt: skip
    scored = score_all(weighed, progress=progress)
    places = placed_rows(
        evidence.rows, weighed, partnership, not_scored=not_scored, severity=severity,
        conditions_met=frozenset(conditions_met),
    )  # fmt: skip
    facts = unit_facts(weighed, scored, readings, partnership, subjects)
    return Assessment(
        scores=score_table(weighed, scored, facts), as_of=day, trial=trial, partnership=partnership, weighed=weighed,
        scored=scored, readings=readings, subjects=subjects, barred=evidence.barred, places=places, evidence=evidence,
    )  # fmt: skip


def check_conditions(partnership: Partnership, conditions_met: Collection[str]) -> None:
    """Refuse conditions that are not agreed.

    Raises
    ------
    PolicyError
    """
    agreed = {condition.id for condition in partnership.trust.handling_conditions}
    if set(conditions_met) - agreed:
        msg = f"conditions_met may name agreed conditions ({', '.join(sorted(agreed)) or 'none agreed'}) and no other."
        raise PolicyError(msg)


def check_signed(partnership: Partnership, supplying: Collection[str], *, trial: bool) -> None:
    """Refuse rows of agencies that have not signed, unless it is a trial.

    Raises
    ------
    UnsignedPolicyError
    """
    missing = [agency for agency in partnership.unsigned() if agency in supplying]
    if missing and not trial:
        raise UnsignedPolicyError(missing, partnership.policy_hash)


def row_severity(rows: pa.Table, readings: Readings) -> tuple[Floats, Bools]:
    """Return σ of each row: its reading's common position / 100, else the one sent, else 1."""
    severity = np.array(pc.fill_null(rows["severity"], 1.0).to_numpy(), dtype=np.float64)
    not_scored = np.zeros(rows.num_rows, dtype=np.bool_)
    not_scored[readings.index[readings.not_scored]] = True
    placed = ~readings.not_scored
    severity[readings.index[placed]] = readings.severity[placed]
    return severity, not_scored


@dataclass(frozen=True, repr=False)
class Assessment:
    """Scores with their reasons, gaps and doubts, as known on one day.

    Attributes
    ----------
    scores : pandas.DataFrame
        One line per subject and lens: ``scoring.tables.SCORE_COLUMNS``. Ask for the flags as ``scores["flags"]``:
        ``scores.flags`` is an attribute that pandas gives every frame.
    as_of : datetime.date
    trial : bool
        Watermark: an unsigned pilot run, never to be shared.
    partnership : Partnership
    weighed, scored, readings, subjects
        The stages behind it.
    barred : pyarrow.Table
        Keys of the rows that were set aside when read; see ``quarantined``.
    places : pyarrow.Table
        The standing rows that say where something happened, about subjects and about places alone:
        ``trust.placed.PLACED_COLUMNS``. ``hotspots`` reads them.
    evidence : Evidence
        What was assessed: ``share`` scores again what a recipient may see of it, and subtracts nothing.
    """

    scores: pd.DataFrame
    as_of: dt.date
    trial: bool
    partnership: Partnership
    weighed: Weighed
    scored: Scored
    readings: Readings
    subjects: Subjects | None
    barred: pa.Table
    places: pa.Table
    evidence: Evidence

    def __repr__(self) -> str:
        """Return counts only; never a value."""
        people = self.scores["subject_id"].nunique()
        mark = ", TRIAL: not to be shared" if self.trial else ""
        return f"Assessment({people:,} subjects, {len(self.scores):,} scores, as_of={self.as_of.isoformat()}{mark})"

    @property
    def engine_version(self) -> str:
        """The version of riskshare that made it."""
        return VERSION

    def explain(self, subject_id: str, *, lens: str | None = None) -> pd.DataFrame:
        """Return why: one line per record, whose points sum exactly to the score of each lens.

        Parameters
        ----------
        subject_id : str
        lens : {"harm_to", "harm_by"}, optional
            Only this lens.

        Returns
        -------
        pandas.DataFrame
            ``scoring.explain.EXPLAIN_COLUMNS``.

        Raises
        ------
        UnknownSubjectError
            There is no result for that subject.
        ArgumentError
            The subject is not text, or has no result through that lens.
        """
        frame = explain_subject(self.weighed, self.readings, self._subject("explain", subject_id, lens))
        return _through(lens, frame)

    def trace(self, subject_id: str, *, lens: str | None = None) -> pd.DataFrame:
        """Return how the score adds up, from records to claims, indicators, families, caps and log-odds.

        Arguments and errors as ``explain``; columns ``scoring.trace.TRACE_COLUMNS``. Each step is written out in
        ``working``, and the shares of what goes into an item sum to the item's own.
        """
        part = self._part(self._subject("trace", subject_id, lens))
        scores, detail = score_block(part, self.weighed)
        listed = listed_units(self.weighed, part, scores)
        return _through(lens, trace_table(self.weighed, part, scores, detail, listed, self.partnership))

    def doubt(self, subject_id: str, *, lens: str | None = None) -> pd.DataFrame:
        """Return where the width of the interval comes from, largest part first; arguments as ``explain``.

        ``scoring.doubt.DOUBT_COLUMNS``: agreed trusts, agreed weights, missing answers, base rate. Their ``nats`` sum
        to the distance from the log-odds to either end of the published interval, before 0 and 100 cut it.
        """
        part = self._part(self._subject("doubt", subject_id, lens))
        scores, detail = score_block(part, self.weighed)
        listed = listed_units(self.weighed, part, scores)
        return _through(lens, doubt_table(self.weighed, part, scores, detail, listed))

    def questions(self, subject_id: str, *, lens: str | None = None) -> pd.DataFrame:
        """Return each expected question, whether and by what it is answered, and its weight; arguments as ``explain``.

        ``scoring.questions.QUESTION_COLUMNS``: ``completeness`` sums to the published one. A record is not an answer.
        """
        number = self._subject("questions", subject_id, lens)
        listed = self.scored.unit[self.scored.unit // N_LENSES == number] - number * N_LENSES
        return _through(lens, question_table(self.weighed, self._part(number), listed, self.partnership))

    def leave_out_agencies(self, subject_id: str) -> pd.DataFrame:
        """Return what the score would be without each agency of origin.

        Columns ``lens, agency, score, change``: one line per agency with something in that lens.
        """
        return agency_table(self.weighed, self._part(self._subject("leave_out_agencies", subject_id)))

    def _part(self, subject: int) -> Block:
        return block(self.weighed, subject, subject + 1)

    def _subject(self, function: str, subject_id: str, lens: str | None = None) -> int:
        """Return the number of a subject with a result (through a lens); refuse what is none."""
        kinds = {
            "subject_id must be text: a pseudonym.": is_text(subject_id),
            "lens must be 'harm_to', 'harm_by' or None.": lens is None or (isinstance(lens, str) and lens in LENSES),
        }
        require(function, kinds)
        known = self.weighed.standing.columns.subjects
        place = int(np.searchsorted(known.astype(str), subject_id)) if known.size else 0
        if place >= known.size or known[place] != subject_id:
            raise UnknownSubjectError
        held = [LENSES[unit % N_LENSES] for unit in self.scored.unit[self.scored.unit // N_LENSES == place]]
        if not held:
            raise UnknownSubjectError
        if lens is not None and lens not in held:
            problem = f"lens: that subject has no result through {lens!r}, only through {held[0]!r}. Ask for that one."
            raise ArgumentError(function, [problem])
        return place

    @cached_property
    def act_now(self) -> pd.DataFrame:
        """Rows that call for action now, whatever the score, with the duty and whom to call."""
        return findings.act_now(self.weighed, self.scored, self.partnership)

    @cached_property
    def staff_safety(self) -> pd.DataFrame:
        """Who should ask whom before visiting; never part of a score."""
        return findings.staff_safety(self.weighed, self.partnership)

    @cached_property
    def excluded(self) -> pd.DataFrame:
        """Rows that carry no weight, each with its reason; expired rows are counted in ``n_expired`` only."""
        return findings.excluded(self.weighed, self.scored)

    @property
    def n_expired(self) -> int:
        """How many known rows are past their retention."""
        return findings.n_expired(self.weighed)

    @cached_property
    def quarantined(self) -> pd.DataFrame:
        """Rows about people that were set aside when read: left out, with the reason; never what they held."""
        return findings.quarantined(self.barred, self.partnership, self.as_of)

    @cached_property
    def bars(self) -> pd.DataFrame:
        """The readings behind ``bars_met``: whose own "high", on which scale, when, and if the scale held then."""
        return bar_table(self.weighed, self.scored, self.readings)

    @cached_property
    def where_we_looked(self) -> pd.DataFrame:
        """What enforcement and our own attention turned up; it adds nothing to any score."""
        return findings.where_we_looked(self.weighed)

    @cached_property
    def _claims(self) -> findings.Claims:
        return findings.claim_tables(self.weighed)

    @property
    def claims(self) -> pd.DataFrame:
        """Every supported claim: how far it is believed, how old, how far denied, and what it weighs."""
        return self._claims.claims

    @property
    def collapsed(self) -> pd.DataFrame:
        """Records that tell a story another record tells too: it counts once."""
        return self._claims.collapsed

    @property
    def suspected_twins(self) -> pd.DataFrame:
        """Records that may be one story told twice, for a person to confirm or split."""
        return self._claims.suspected_twins

    @property
    def absent_origins(self) -> pd.DataFrame:
        """Records that name a source nobody sent, for a person to check."""
        return self._claims.absent_origins

    @cached_property
    def _alone(self) -> Alone:
        return score_alone(self.weighed)

    def alone(self) -> pd.DataFrame:
        """Return what each agency alone would have seen, beside the pooled result.

        Returns
        -------
        pandas.DataFrame
            ``subject_id, lens, agency, score, band, pooled_score, pooled_band, seen_only_together``: one line per
            subject, lens and agency that supplied something, being at risk first. ``score`` has no interval; below
            medium its ``band`` is ``cannot say``.
        """
        return alone_table(self.weighed, self.scored, self._alone, self.scores, self.partnership.common_scale)

    def changes(self, previous: Assessment) -> pd.DataFrame:
        """Return who moved since a previous assessment, and which rows, corrections or expiries did it.

        See ``scoring.changes.changes`` for the columns. Where the policy itself changed, ``previous`` has another
        ``partnership.version``: compare those first.

        Raises
        ------
        ArgumentError
            ``previous`` is not an Assessment.
        """
        require("changes", {"previous must be an Assessment, from assess.": isinstance(previous, Assessment)})
        return changes(previous.weighed, self.weighed, previous.scores, self.scores)

    def to_dicts(self, subject_id: str | None = None) -> list[dict[str, Any]]:
        """Return explained results as plain values ready for JSON, one per subject and lens.

        Parameters
        ----------
        subject_id : str, optional
            Only this subject; leave-one-out changes are then worked out too.

        Returns
        -------
        list of dict
            Each fits the published schema ``records.results.SubjectResult`` (``riskshare schema``).

        Raises
        ------
        UnknownSubjectError
            There is no result for that subject.
        ArgumentError
            The subject is not text.
        """
        header = {
            "engine_version": self.engine_version,
            "partnership": self.partnership.name,
            "partnership_version": self.partnership.version,
            "policy_hash": self.partnership.policy_hash,
            "example": self.partnership.is_example,
            "as_of": self.as_of.isoformat(),
            "trial": self.trial,
        }
        if subject_id is not None:
            why: Iterable[pd.DataFrame] = [self.explain(subject_id)]
            scores = self.scores[self.scores["subject_id"] == subject_id]
            urgent = self.act_now[self.act_now["subject_id"] == subject_id]
            aside = self.quarantined[self.quarantined["subject_id"] == subject_id]
        else:
            why = (explain_block(self.weighed, self.readings, part) for part in blocks(self.weighed))
            scores, urgent, aside = self.scores, self.act_now, self.quarantined
        return results(scores, _joined(why), urgent, aside, header=header)

    def plot(self, subject_id: str, *, lens: str | None = None) -> Axes:
        """Draw why as a waterfall for the analyst at the screen: records by points, with the band edges named.

        Raises
        ------
        UnknownSubjectError
            There is no result for that subject.
        ArgumentError
            The subject is not text, or has no result through that lens.
        MissingExtraError
            matplotlib is not installed.
        """
        from riskshare.reporting.waterfall import draw_waterfall

        self._subject("plot", subject_id, lens)
        held = self.scores.loc[self.scores["subject_id"] == subject_id, "lens"]
        chosen = lens if lens is not None else str(held.iloc[0])
        reasons, line = self.explain(subject_id, lens=chosen), self._line(subject_id, chosen)
        return draw_waterfall(reasons, line, self.partnership, as_of=self.as_of, trial=self.trial)

    def _line(self, subject_id: str, lens: str) -> dict[str, Any]:
        """Return the published line of one subject and lens."""
        here = (self.scores["subject_id"] == subject_id) & (self.scores["lens"] == lens)
        return {str(name): value for name, value in self.scores[here].iloc[0].items()}


def _through(lens: str | None, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of one lens, or all."""
    return frame if lens is None else frame[frame["lens"] == lens].reset_index(drop=True)


def _joined(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    parts = list(frames)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(EXPLAIN_COLUMNS))
