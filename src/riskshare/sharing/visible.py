"""Which rows of evidence a recipient may have, as though the others had never been sent (methods: safety, 1.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from riskshare.records.evidence import Evidence, Subjects
from riskshare.records.sharing_request import Decision
from riskshare.sharing.asking import Asking, Items, ask, forbidden
from riskshare.sharing.protection import guarded_then
from riskshare.sharing.told_before import known_by, readers_of
from riskshare.trust.purge import record_numbers

_WHERE: Final = ("easting", "northing", "longitude", "latitude")
_STORY: Final = ("subject_id", "agency", "record_id", "claim_id", "event_date", "event_end", *_WHERE)
_CLASS: Final = ("agency", "data_class", "role", "handling", "conditions", "authority", "gateway")


@dataclass(frozen=True, repr=False)
class Visible:
    """The rows that may be used, and the decisions that let them through; nothing of the others.

    Attributes
    ----------
    evidence : Evidence
        Accepted rows only; what was set aside when read is kept as keys, so that nothing that repeats it gains weight.
    decisions : tuple of Decision
        Those that allow, one for each class of rows used.
    items : tuple of Items
        The classes of rows used, in the order of ``decisions``.
    refused : frozenset of str
        Reason codes of the classes not used: for the log, never for the recipient.
    """

    evidence: Evidence
    decisions: tuple[Decision, ...]
    items: tuple[Items, ...]
    refused: frozenset[str]

    def __repr__(self) -> str:
        """Count only."""
        return f"Visible({self.evidence.rows.num_rows:,} rows of {len(self.items)} classes)"

    def combined(self, category: str, role: str, subject: str | None = None) -> Items:
        """Return what is worked out of these rows as one class of items."""
        return combined(self.items, category, role, subject)


def combined(items: tuple[Items, ...], category: str, role: str, subject: str | None = None) -> Items:
    """Return what is worked out of several classes of items as one, as closed as the most closed of them.

    >>> parts = (Items(("police",), "criminal", "victim"), Items(("school",), "other", "victim", "C", ("no_onward",)))
    >>> whole = combined(parts, "scores", "victim")
    >>> whole.sources, whole.handling, whole.conditions
    (('police', 'school'), 'C', ('no_onward',))
    """
    ages = {one.age_band for one in items}
    return Items(
        tuple(sorted({source for one in items for source in one.sources})), category, role,
        "C" if any(one.handling != "P" for one in items) else "P",
        tuple(sorted({name for one in items for name in one.conditions})),
        tuple(sorted({area for one in items for area in one.areas})),
        ages.pop() if len(ages) == 1 else "not known", subject,
    )  # fmt: skip


def visible_rows(
    evidence: Evidence,
    asking: Asking,
    *,
    needs: str,
    fields: tuple[str, ...],
    as_of: dt.date,
    subjects: Subjects | None = None,
    category: str | None = None,
    roles: frozenset[str] | None = None,
    places: bool = False,
) -> Visible:
    """Return the rows of evidence that a recipient may have.

    Parameters
    ----------
    evidence : Evidence
    asking : Asking
        With a subject, only rows about that subject are looked at.
    needs : str
        The field without which a row may not be used: ``indicator`` where reasons are told, ``count`` where rows are
        only counted.
    fields : tuple of str
        All fields that are asked for.
    as_of : datetime.date
        The day as known: a record of which the version that stands then may not be used is not used in an older one.
    subjects : Subjects, optional
        For agreements that are limited to ages.
    category : str, optional
        Ask under this category instead of the row's own class, as alerts do; what closes the class wholly still closes.
    roles : frozenset of str, optional
        Look only at rows of these subject roles.
    places : bool
        Whether rows say where: those about people whose address is protected, or was when it happened, are left out,
        and with them every other row of the same record or story, which happened at the same place.

    Returns
    -------
    Visible
        A row is used where the agreement allows its class, and names its gateway if it came through one.
    """
    rows = evidence.rows
    if asking.subject is not None:
        rows = rows.filter(pc.fill_null(pc.equal(rows["subject_id"], asking.subject), fill_value=False))
    frame = rows.select([*_CLASS, "subject_id"]).to_pandas()
    here = np.ones(len(frame), dtype=np.bool_)
    if roles is not None:
        here &= frame["role"].isin(roles).to_numpy(dtype=np.bool_)
    if places:
        here &= ~beside_guarded(rows.select(list(_STORY)).to_pandas(date_as_object=False), asking)
    frame = frame[here].reset_index(drop=True)
    frame["spoken"] = frame["subject_id"].where(frame["subject_id"].isin(asking.spoken_for))
    frame["age"] = _ages(frame["subject_id"], asking, subjects)
    number, kinds = _classes(frame)
    gateways = set(asking.agreement.legal.gateways)
    keep = np.zeros(len(kinds), dtype=np.bool_)
    allowed: list[tuple[Items, Decision]] = []
    refused: set[str] = set()
    for place, kind in enumerate(kinds):
        items = _items(kind, category)
        decision = ask(asking, items, (needs, *fields))
        barred = kind["gateway"] is not None and kind["gateway"] not in gateways
        barred |= category is not None and forbidden(asking, items, str(kind["data_class"]))
        keep[place] = decision.allow and (asking.override is not None or decision.of(needs) != "drop") and not barred
        if keep[place]:
            allowed.append((items, decision))
        else:
            refused |= set(decision.reason_codes) | ({"gateway_or_class"} if barred else set())
    here[here] = keep[number]
    used = replace(evidence, rows=rows.filter(pa.array(whole_records(rows, here, as_of=as_of))))
    return Visible(used, tuple(d for _, d in allowed), tuple(i for i, _ in allowed), frozenset(refused))


def whole_records(rows: pa.Table, keep: NDArray[np.bool_], *, as_of: dt.date) -> NDArray[np.bool_]:
    """Return which rows to keep, without any of a record whose version that stands on a day is not kept.

    Leaving a correction out by itself would bring back what it corrected: a record that was withdrawn, say, or one
    about a suspect who turned out to be the victim.

    Parameters
    ----------
    rows : pyarrow.Table
        Of ``EVIDENCE_SCHEMA``.
    keep : numpy.ndarray of bool
        One for each row.
    as_of : datetime.date
        Rows recorded later do not stand yet.
    """
    number = record_numbers(rows)
    recorded = rows["recorded_date"].to_numpy().astype("datetime64[D]")
    known = recorded <= np.datetime64(as_of, "D")
    newest = np.full(int(number.max(initial=-1)) + 1, np.datetime64("0001-01-01", "D"))
    np.maximum.at(newest, number[known], recorded[known])
    gone = np.zeros(newest.size, dtype=np.bool_)
    gone[number[known & (recorded == newest[number]) & ~keep]] = True
    return np.asarray(keep & ~gone[number], dtype=np.bool_)


def beside_guarded(frame: pd.DataFrame, asking: Asking) -> NDArray[np.bool_]:
    """Return which rows are about somebody whose address is protected, or of one record or story with such a row.

    Parameters
    ----------
    frame : DataFrame
        Column ``subject_id``; optionally ``agency`` with ``record_id``, and ``claim_id``; ``event_date`` with
        ``event_end``, or ``date``, for protection that has ended: what happened under it stays guarded.
    asking : Asking
        For a map, with what earlier ones counted for the same readers: those rows are not left out again
        (docs/decisions/0022).
    """
    now = frame["subject_id"].isin(asking.guarded).to_numpy(dtype=np.bool_)
    found = now | guarded_then(frame, asking.objections)
    if not found.any():
        return found
    near = found.copy()
    for names in (["agency", "record_id"], ["claim_id"]):
        if set(names) <= set(frame):
            keys = pd.MultiIndex.from_frame(frame[names].astype(object))
            known = frame[names].notna().all(axis=1).to_numpy(dtype=np.bool_)
            near |= known & keys.isin(keys[found & known])
    return near & ~_told_before(frame, near, asking)


def _told_before(frame: pd.DataFrame, near: NDArray[np.bool_], asking: Asking) -> NDArray[np.bool_]:
    """Return which of these rows an earlier map counted for the same readers: leaving them out now would point."""
    told = np.zeros(len(frame), dtype=np.bool_)
    if asking.before is not None and asking.before.marks:
        told[near] = asking.before.counted(known_by(frame[near]), readers=readers_of(asking.agency, asking.audience))
    return told


def _ages(subject: pd.Series[str], asking: Asking, subjects: Subjects | None) -> pd.Series[str]:
    """Return age bands where the agreement asks for them, else one word for all."""
    if not asking.agreement.population or subjects is None:
        return pd.Series("not known", index=subject.index, dtype=object)
    known = subjects.table.drop_duplicates("subject_id").set_index("subject_id")["age_band"]
    return subject.map(known).astype(object).where(lambda band: band.notna(), "not known")


def _classes(frame: pd.DataFrame) -> tuple[NDArray[np.int64], list[dict[str, str | None]]]:
    """Return the number of each row's class, and the classes."""
    names = [*_CLASS, "spoken", "age"]
    keys = pd.MultiIndex.from_frame(frame[names].astype(object).where(frame[names].notna(), ""))
    number, found = pd.factorize(keys)
    kinds = [dict(zip(names, (value or None for value in one), strict=True)) for one in found]
    return np.asarray(number, dtype=np.int64), kinds


def _items(kind: Mapping[str, str | None], category: str | None) -> Items:
    conditions = tuple(filter(None, (kind["conditions"] or "").split(";")))
    return Items(
        (str(kind["agency"]),), category or str(kind["data_class"]), str(kind["role"]), kind["handling"] or "C",
        conditions, (kind["authority"],) if kind["authority"] else (), kind["age"] or "not known", kind["spoken"],
        kind["gateway"],
    )  # fmt: skip


@dataclass(frozen=True, repr=False)
class VisiblePoints:
    """The decisions about rows of a table of events, as ``Visible`` holds those about evidence."""

    decisions: tuple[Decision, ...]
    items: tuple[Items, ...]
    refused: frozenset[str]

    def __repr__(self) -> str:
        """Count only."""
        return f"VisiblePoints({len(self.items)} classes)"


def visible_points(points: gpd.GeoDataFrame, asking: Asking) -> tuple[gpd.GeoDataFrame, VisiblePoints]:
    """Return the events of a table that a recipient may have counted.

    Parameters
    ----------
    points : GeoDataFrame
        Columns ``source`` (an agency) and ``handling``; optionally ``data_class`` (without it, ``places``), ``role``
        (``place``), ``conditions``, ``authority``, ``gateway`` and ``subject_id``. Without ``handling`` an event is C,
        and C without a condition leaves for nobody. Events of people whose address is protected, or was on ``date``,
        are left out, and with them events of the same ``record_id`` or ``claim_id``.
    asking : Asking

    Returns
    -------
    GeoDataFrame, VisiblePoints
    """
    plain = pd.DataFrame(points.drop(columns=points.geometry.name)).reset_index(drop=True)
    given = {"agency": "source", **{name: name for name in _CLASS if name != "agency"}}
    usual = {"agency": "", "data_class": "places", "role": "place", "handling": "C"}
    frame = pd.DataFrame(
        {name: plain[own].astype(object) if own in plain else usual.get(name) for name, own in given.items()},
        index=plain.index,
    )
    frame = frame.fillna({"role": "place", "handling": "C", "data_class": "places"})
    frame["spoken"], frame["age"] = None, "not known"
    if "subject_id" in plain:
        story = points.reset_index(drop=True).rename(columns={"source": "agency"})
        free = ~beside_guarded(story, asking)
        points, frame, plain = points[free], frame[free].reset_index(drop=True), plain[free].reset_index(drop=True)
        frame["spoken"] = plain["subject_id"].where(plain["subject_id"].isin(asking.spoken_for))
    number, kinds = _classes(frame)
    gateways = set(asking.agreement.legal.gateways)
    asked = [_items(kind, None) for kind in kinds]
    answers = [ask(asking, items, ("count",)) for items in asked]
    keep = np.array([
        answer.of("count") != "drop" and (kind["gateway"] is None or kind["gateway"] in gateways)
        for answer, kind in zip(answers, kinds, strict=True)
    ], dtype=np.bool_)  # fmt: skip
    used = points[keep[number]] if len(number) else points
    seen = VisiblePoints(
        tuple(one for one, yes in zip(answers, keep, strict=True) if yes),
        tuple(one for one, yes in zip(asked, keep, strict=True) if yes),
        frozenset(code for one, yes in zip(answers, keep, strict=True) if not yes for code in one.reason_codes),
    )
    return used, seen
