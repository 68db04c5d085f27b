"""What sharing let through: the one type that writers, maps and reports take. Only ``riskshare.share`` makes one."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

import geopandas as gpd
import pandas as pd

from riskshare.errors import PolicyError
from riskshare.records.agreement import digest
from riskshare.records.moments import LONDON

SharedKind = Literal["assessment", "subject", "hotspots", "profiles", "table"]
SHARED_KINDS: Final[tuple[SharedKind, ...]] = get_args(SharedKind)
KEPT_COLUMNS: Final = ("table", "field", "treatment")
WITHHELD_COLUMNS: Final = ("table", "field", "reason")
SUPPRESSED_COLUMNS: Final = ("table", "what", "n", "reason")
_ONLY_SHARE: Final = object()
_REMEDY: Final = "Ask riskshare.share(result, partnership, purpose=..., recipient=..., at=...) for one."


@dataclass(frozen=True, repr=False, eq=False)
class Shared:
    """What one recipient may have of a result, for one purpose, until it expires; and what it may not have, and why.

    Made by ``riskshare.share`` and by nothing else; the log entry about it is on the disk before it exists.

    Attributes
    ----------
    kind : {"assessment", "subject", "hotspots", "profiles", "table"}
        ``subject``: one person, for the named practitioner who works with that person. ``assessment``: bands by
        pseudonym, or for the public counts by area.
    title : str
        What it shows, in one line; no person's value.
    tables : mapping of str to DataFrame or GeoDataFrame (EPSG:27700)
        By kind. ``hotspots``: ``cells``, ``clusters``, ``areas`` (borders: ``authority``, ``area``, ``geometry``).
        ``assessment``: ``scores`` (partnership), ``counts``. ``subject``: ``scores``, ``reasons``, ``gaps``,
        ``act_now``, ``person``. ``profiles``: ``buildings``, ``areas``. ``table``: one table for each of the result. A
        field that is withheld has no column, or one that is missing on every line. A count that is suppressed is
        missing (NA), and told of in ``suppressed``.
    kept : DataFrame
        ``table, field, treatment``: one line a field, or more where people of different roles have their own.
    withheld : DataFrame
        ``table, field, reason``: each other field, with a code of ``records.sharing_request.REASONS`` or of a rule of
        disclosure control.
    suppressed : DataFrame
        ``table, what, n, reason``: cells and rows that were taken out or made coarser, by number and never by name.
    notes : tuple of str
        Everything a reader must know; no person's value.
    audience, purpose, recipient_agency, recipient_role, agreement, agreement_version : str
        Who may have it, for what, under which agreement.
    decision_ids : tuple of str
        The one id of this release in the log, keyed: the ids of the decisions that it rests on, and how many there
        are, would tell which agency in which area holds something.
    policy_hash, partnership_version, engine_version : str
    as_of : str
        The day as known on which it was worked out, ``YYYY-MM-DD``; empty where the result has none.
    at, expires : datetime.datetime
        Aware: when it was shared, and the first moment at which it may no longer be used.
    log_head : str
        The head of the audit log after the entry, as sixteen letters.
    words : mapping of str to str
        The partners' own names of the ids that stand in the tables, by ``field:id``: for pages, which people read.
    user_id : str
        The named practitioner's staff reference as given; empty for every other audience. It stands on the page, so
        that a copy that leaks is traceable, and in no other file; the log has a pseudonym.
    content_hash : str
        SHA-256 of the tables as they were let through: a writer refuses tables that were changed since.
    desk_notes : tuple of str
        For whoever shares it alone: what it would tell beside an earlier release. They stand in no file, for whoever
        reads them is told where to look.
    log : AuditLog
        Where it was logged; files made of it are logged there too.
    """

    kind: SharedKind
    title: str
    tables: Mapping[str, pd.DataFrame]
    kept: pd.DataFrame
    withheld: pd.DataFrame
    suppressed: pd.DataFrame
    notes: tuple[str, ...]
    audience: str
    purpose: str
    recipient_agency: str
    recipient_role: str
    agreement: str
    agreement_version: str
    decision_ids: tuple[str, ...]
    policy_hash: str
    partnership_version: str
    engine_version: str
    as_of: str
    at: dt.datetime
    expires: dt.datetime
    log_head: str
    content_hash: str = field(init=False, default="")
    words: Mapping[str, str] = field(default_factory=dict)
    user_id: str = ""
    desk_notes: tuple[str, ...] = ()
    log: Any = None
    made_by: object = None

    def __post_init__(self) -> None:
        """Refuse everybody but ``riskshare.share``."""
        if self.made_by is not _ONLY_SHARE:
            message = f"Nothing leaves without the sharing agreement: a Shared cannot be made by hand. {_REMEDY}"
            raise PolicyError(message)
        object.__setattr__(self, "made_by", None)  # so that dataclasses.replace() is refused as well
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))
        object.__setattr__(self, "words", MappingProxyType(dict(self.words)))
        object.__setattr__(self, "content_hash", content_hash(self))

    @property
    def decision(self) -> str:
        """The one id of all its decisions, 64 hexadecimal digits; it stands in the log and in every file."""
        return self.decision_ids[0] if len(self.decision_ids) == 1 else digest(list(self.decision_ids))

    @property
    def recipient(self) -> str:
        """Who may have it: a role at an agency, and whether it may be published."""
        who = f"{self.recipient_role} at {self.recipient_agency}"
        return f"{who}, to be published" if self.audience == "public" else who

    @property
    def stamp(self) -> str:
        """The line that every page and file carries."""
        return (
            f"For {self.recipient}. Purpose: {self.purpose}. Decision {self.decision[:16]}. {self._known} "
            f"Shared {_moment(self.at)}. Expires {_moment(self.expires)}. Log {self.log_head}."
        )

    @property
    def _known(self) -> str:
        """How old what is told is: a fresh stamp must not make it look new."""
        if not self.as_of:
            return "The day it is known on is not stated."
        try:
            days = (self.at.astimezone(LONDON).date() - dt.date.fromisoformat(self.as_of)).days
        except ValueError:  # never by ``share``
            days = 0
        before = f", {days:,} {'days' if days > 1 else 'day'} before" if days > 0 else ""
        return f"As known on {self.as_of}{before}."

    @property
    def marks(self) -> dict[str, str]:
        """What every file carries about itself: texts by name, of no person."""
        return {
            "riskshare_stamp": self.stamp,
            "recipient": self.recipient,
            "purpose": self.purpose,
            "audience": self.audience,
            "agreement": f"{self.agreement} version {self.agreement_version}",
            "decision": self.decision,
            "expires": _moment(self.expires),
            "shared": _moment(self.at),
            "as_of": self.as_of,
            "log_head": self.log_head,
            "policy_hash": self.policy_hash,
            "partnership_version": self.partnership_version,
            "engine_version": self.engine_version,
        }

    def __repr__(self) -> str:
        """Return counts only; never a value."""
        rows = sum(len(table) for table in self.tables.values())
        return (
            f"Shared({self.kind}, {self.audience}, {len(self.tables)} tables, {rows:,} rows, "
            f"{len(self.withheld):,} fields withheld, {len(self.suppressed):,} suppressions)"
        )


def let_through(**parts: Any) -> Shared:
    """Return a ``Shared``. For ``riskshare.releasing`` alone, once the decision is made and logged.

    Raises
    ------
    TypeError
        A part is missing, or is none of ``Shared``.
    """
    return Shared(**parts, made_by=_ONLY_SHARE)


def must_be_shared(function: str, shared: object, *, at: dt.datetime | None = None) -> Shared:
    """Return what sharing let through; anything else, and what was changed or has expired since, is refused.

    Parameters
    ----------
    function : str
        The public name of what was called.
    shared : object
    at : datetime, optional
        Now; aware.

    Raises
    ------
    PolicyError
        Saying what to do.

    Examples
    --------
    >>> must_be_shared("write", {"S1": 99})
    Traceback (most recent call last):
    riskshare.errors.PolicyError: write(): only what sharing let through can be written, not this dict. Ask \
riskshare.share(result, partnership, purpose=..., recipient=..., at=...) for one.
    """
    if type(shared) is not Shared:
        message = f"{function}(): only what sharing let through can be written, not this {type(shared).__name__}. "
        raise PolicyError(message + _REMEDY)
    if shared.content_hash != content_hash(shared):
        message = f"{function}(): this was changed after sharing let it through. Share it again."
        raise PolicyError(message)
    if at is not None and at >= shared.expires:
        message = f"{function}(): this expired on {_moment(shared.expires)}. Share it again, if the agreement allows."
        raise PolicyError(message)
    return shared


def _moment(moment: dt.datetime) -> str:
    """Return a moment in UTC to the minute, rounded down, so that no file outlives its expiry."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")


def content_hash(shared: Shared) -> str:
    """Return SHA-256 of every table and every word about it."""
    digested = hashlib.sha256()
    for each in fields(Shared):
        if each.name in ("made_by", "content_hash", "log"):
            continue
        value = getattr(shared, each.name)
        parts = value.items() if isinstance(value, Mapping) else [(each.name, value)]
        for name, part in parts:
            digested.update(repr((each.name, name)).encode())
            digested.update(_plain(part) if isinstance(part, pd.DataFrame) else repr(part).encode())
    return digested.hexdigest()


def tables_hash(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return SHA-256 of tables by name, in order of name, to the last digit; 64 hexadecimal digits.

    >>> one, other = pd.DataFrame({"band": ["high"]}), pd.DataFrame({"band": ["low"]})
    >>> tables_hash({"scores": one}) == tables_hash({"scores": one.copy()}) != tables_hash({"scores": other})
    True
    """
    digested = hashlib.sha256()
    for name in sorted(tables):
        digested.update(repr(name).encode() + _plain(tables[name]))
    return digested.hexdigest()


def _plain(frame: pd.DataFrame) -> bytes:
    """Return a table as bytes: columns, types and values, geometry to the last digit."""
    grid = ""
    flat = pd.DataFrame({name: frame[name] for name in frame.columns if name != "geometry"}, index=frame.index)
    if isinstance(frame, gpd.GeoDataFrame) and "geometry" in frame.columns:
        flat["geometry"] = frame.geometry.to_wkb(hex=True)
        grid = "" if frame.crs is None else frame.crs.to_wkt()  # the same numbers on another grid are another place
    columns = [(str(name), str(flat[name].dtype), flat[name].tolist()) for name in flat.columns]
    return repr((list(map(repr, frame.index.tolist())), columns, grid)).encode()
