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

from riskshare.errors import PolicyError, UnknownSubjectError, UnsignedPolicyError
from riskshare.kernels.points import whole_points
from riskshare.kernels.segments import Bools, Floats, from_units
from riskshare.records.days import as_day
from riskshare.records.evidence import Evidence, Subjects
from riskshare.records.partnership import Partnership
from riskshare.records.policy import LENSES
from riskshare.scales.normalise import Readings, normalise
from riskshare.scoring import findings
from riskshare.scoring.alone import Alone, score_alone, seen_only_together
from riskshare.scoring.changes import changes
from riskshare.scoring.explain import EXPLAIN_COLUMNS, explain_block, explain_subject
from riskshare.scoring.export import results
from riskshare.scoring.leave_out import without_agencies
from riskshare.scoring.score import Scored, block, blocks, listed_units, score_all, score_block
from riskshare.scoring.tables import BANDS, score_table, unit_facts
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
        The day (ISO ``YYYY-MM-DD``). Rows recorded later are not known; nothing reads the clock.
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
    EvidenceError
        The evidence was read under another agreement.
    PolicyError
        ``as_of`` is not a day, or a condition is not an agreed one.

    Notes
    -----
    Methods: model. Nothing here decides about a person: it informs a named practitioner.

    Examples
    --------
    See the README: one subject from plain dictionaries in a few lines.
    """
    day = as_day(as_of)
    _check_conditions(partnership, conditions_met)
    _check_signed(evidence, partnership, trial=trial)
    readings = normalise(evidence.rows, partnership)
    severity, not_scored = _severity(evidence.rows, readings)
    weighed = weigh(
        evidence, partnership, as_of=(day - dt.date(1970, 1, 1)).days, severity=severity, not_scored=not_scored,
        conditions_met=frozenset(conditions_met),
    )  # fmt: skip
    scored = score_all(weighed, progress=progress)
    facts = unit_facts(weighed, scored, readings, partnership, subjects)
    return Assessment(
        scores=score_table(weighed, scored, facts), as_of=day, trial=trial, partnership=partnership, weighed=weighed,
        scored=scored, readings=readings, subjects=subjects,
    )  # fmt: skip


def _check_conditions(partnership: Partnership, conditions_met: Collection[str]) -> None:
    agreed = {condition.id for condition in partnership.trust.handling_conditions}
    unknown = sorted(set(conditions_met) - agreed)
    if isinstance(conditions_met, str) or unknown:
        msg = (
            f"conditions_met must be a collection of agreed conditions ({', '.join(sorted(agreed)) or 'none agreed'})."
        )
        raise PolicyError(msg)


def _check_signed(evidence: Evidence, partnership: Partnership, *, trial: bool) -> None:
    supplying = set(pc.unique(evidence.rows["agency"]).to_pylist())
    missing = [agency for agency in partnership.unsigned() if agency in supplying]
    if missing and not trial:
        raise UnsignedPolicyError(missing, partnership.policy_hash)


def _severity(rows: pa.Table, readings: Readings) -> tuple[Floats, Bools]:
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
        One line per subject and lens: ``scoring.tables.SCORE_COLUMNS``.
    as_of : datetime.date
    trial : bool
        Watermark: an unsigned pilot run, never to be shared.
    partnership : Partnership
    weighed, scored, readings, subjects
        The stages behind it.
    """

    scores: pd.DataFrame
    as_of: dt.date
    trial: bool
    partnership: Partnership
    weighed: Weighed
    scored: Scored
    readings: Readings
    subjects: Subjects | None

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
            There is no result for that subject (or that lens).
        """
        frame = explain_subject(self.weighed, self.readings, self._subject(subject_id))
        frame = frame if lens is None else frame[frame["lens"] == lens].reset_index(drop=True)
        if frame.empty:
            raise UnknownSubjectError
        return frame

    def leave_out_agencies(self, subject_id: str) -> pd.DataFrame:
        """Return what the score would be without each agency of origin.

        Columns ``lens, agency, score, change``: one line per agency with something in that lens.
        """
        number = self._subject(subject_id)
        part = block(self.weighed, number, number + 1)
        scores, detail = score_block(part, self.weighed)
        agencies = np.unique(np.concatenate((detail.agency, part.answers.agency)))
        left = without_agencies(part, detail, self.weighed, agencies)
        points = whole_points(from_units(left), self.weighed.policy.anchors)
        listed = listed_units(self.weighed, part, scores)
        told = zip(detail.origins.pairs.unit[detail.agency_pair], detail.agency, strict=True)
        present = {*told, *zip(part.answers.unit, part.answers.agency, strict=True)}
        lines = [
            {
                "lens": LENSES[unit],
                "agency": self.weighed.codes.agencies[agency],
                "score": int(points[row, unit]),
                "change": int(points[row, unit] - scores.points[unit]),
            }
            for unit in sorted(listed, key=lambda unit: LENSES[unit] != "harm_to")
            for row, agency in enumerate(agencies)
            if (unit, agency) in present
        ]
        return pd.DataFrame(lines, columns=["lens", "agency", "score", "change"])

    def _subject(self, subject_id: str) -> int:
        known = self.weighed.standing.columns.subjects
        place = int(np.searchsorted(known.astype(str), subject_id)) if known.size else 0
        if place >= known.size or known[place] != subject_id:
            raise UnknownSubjectError
        if place not in self.scored.unit // N_LENSES:
            raise UnknownSubjectError
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
    def where_we_looked(self) -> pd.DataFrame:
        """What enforcement and our own attention turned up; it adds nothing to any score."""
        return findings.where_we_looked(self.weighed)

    @cached_property
    def _claims(self) -> findings.Claims:
        return findings.claim_tables(self.weighed)

    @property
    def claims(self) -> pd.DataFrame:
        """Every claim: how far it is believed, how old, how far denied, and what it weighs."""
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
        alone, known = self._alone, self.weighed.standing.columns.subjects
        edges = self.partnership.common_scale
        band = np.searchsorted(edges.edges, alone.points, side="right")
        frame = pd.DataFrame(
            {
                "subject_id": known[alone.unit // N_LENSES],
                "lens": np.array(LENSES, dtype=object)[alone.unit % N_LENSES],
                "agency": np.array(self.weighed.codes.agencies, dtype=object)[alone.agency],
                "score": alone.points,
                # Low must be earned by what was asked of everybody; one agency alone never asked everybody.
                "band": np.array(BANDS, dtype=object)[np.where(band == 0, -1, band)],
            }
        )
        pooled = self.scores[["subject_id", "lens", "score", "band"]]
        pooled = pooled.rename(columns={"score": "pooled_score", "band": "pooled_band"})
        merged = frame.merge(pooled, on=["subject_id", "lens"], how="inner")
        together = seen_only_together(alone, self.scored.unit, self.scored.scores.points, edges.high_from)
        units = self.scored.unit[together]
        names = set(zip(known[units // N_LENSES], np.array(LENSES, dtype=object)[units % N_LENSES], strict=True))
        keys = zip(merged["subject_id"], merged["lens"], strict=True)
        merged["seen_only_together"] = [key in names for key in keys]
        return merged.sort_values(["subject_id", "lens", "agency"], ascending=[True, False, True], ignore_index=True)

    def changes(self, previous: Assessment) -> pd.DataFrame:
        """Return who moved since a previous assessment, and which rows, corrections or expiries did it.

        See ``scoring.changes.changes`` for the columns. Where the policy itself changed, ``previous`` has another
        ``partnership.version``: compare those first.
        """
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
        else:
            why = (explain_block(self.weighed, self.readings, part) for part in blocks(self.weighed))
            scores, urgent = self.scores, self.act_now
        return results(scores, _joined(why), urgent, header=header)

    def plot(self, subject_id: str, *, lens: str | None = None) -> Axes:
        """Draw why as a waterfall for the analyst at the screen: records by points, with the band edges named.

        Raises
        ------
        UnknownSubjectError
            There is no result for that subject.
        MissingExtraError
            matplotlib is not installed.
        """
        from riskshare.reporting.waterfall import draw_waterfall

        chosen = self._lens(subject_id, lens)
        reasons, line = self.explain(subject_id, lens=chosen), self._line(subject_id, chosen)
        return draw_waterfall(reasons, line, self.partnership, as_of=self.as_of, trial=self.trial)

    def _lens(self, subject_id: str, lens: str | None) -> str:
        """Return the lens asked for, else the first one shown."""
        found = self.scores.loc[self.scores["subject_id"] == subject_id, "lens"]
        if found.empty or (lens is not None and lens not in set(found)):
            raise UnknownSubjectError
        return str(found.iloc[0]) if lens is None else lens

    def _line(self, subject_id: str, lens: str) -> dict[str, Any]:
        """Return the published line of one subject and lens."""
        here = (self.scores["subject_id"] == subject_id) & (self.scores["lens"] == lens)
        return {str(name): value for name, value in self.scores[here].iloc[0].items()}


def _joined(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    parts = list(frames)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(EXPLAIN_COLUMNS))
