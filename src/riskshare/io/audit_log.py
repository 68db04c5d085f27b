"""The audit log on disk: SQLite in WAL mode, each entry synchronised before anybody learns that it is there.

No log, no disclosure: ``append`` returns once the entry and the new head are on the disk, or raises. It may happen that
an entry stands there without its disclosure; never the other way round.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from riskshare.errors import AuditTimeError, AuditTrailError, AuditWriteError
from riskshare.io.audit_clock import Clock, machine_clock
from riskshare.io.audit_heads import read_head, write_head
from riskshare.io.audit_keys import (
    Keys,
    ensure_keys,
    keyed,
    new_key,
    read_keys,
    relationship_pseudonym,
    salt_place,
    source_pseudonym,
    user_pseudonym,
    write_keys,
)
from riskshare.io.audit_store import insert, last_row, make_tables, must_exist, reading, transaction, writing
from riskshare.records.arguments import is_path, is_text, is_texts, require
from riskshare.sharing.chain import (
    EMPTY_HEAD,
    EpochKey,
    Head,
    Row,
    Status,
    Verdict,
    commitment,
    head_of,
    key_at,
    seal,
    verify,
)
from riskshare.sharing.log_entries import MADE_BY_THE_LOG, canonical, check_entry, come_to, is_back_dated, reached, utc

_CHECK: Final = "Disclose nothing; run `riskshare audit verify` and find out what happened."


@dataclass(frozen=True, slots=True)
class AuditLog:
    """Where a log lies: the database, its keys (owner-only) and its head. Nothing is open between two calls.

    ``clock`` gives the moment that each entry holds as ``written``, beside the one that a caller gives.
    """

    path: Path
    keys: Path
    head: Path
    clock: Clock = field(default=machine_clock, repr=False, compare=False)


def is_of_log(log: AuditLog, target: str | os.PathLike[str]) -> bool:
    """Return whether a name belongs to a log: itself, its keys and head, and all that lies beside it under its name."""
    there, home = Path(os.path.realpath(target)), Path(os.path.realpath(log.path))
    beside = there.parent == home.parent and there.name.casefold().startswith(home.name.casefold())
    return beside or there in {Path(os.path.realpath(own)) for own in (log.keys, log.head)}


class _End(NamedTuple):
    """The last entry of a log: its head and what it says (None where there is none), and the keys."""

    head: Head
    body: Mapping[str, Any] | None
    keys: Keys


def audit_log(
    path: str | os.PathLike[str],
    *,
    keys: str | os.PathLike[str] | None = None,
    head: str | os.PathLike[str] | None = None,
    clock: Clock = machine_clock,
) -> AuditLog:
    """Return where a log lies; nothing is opened, and a log that is not there is made by its first entry.

    Parameters
    ----------
    path : path
        The database, such as ``audit.sqlite``.
    keys, head : path, optional
        By default beside it, under its name with ``.keys.json`` and ``.head.json``. Better is another disk, and for the
        head one that whoever can write the log cannot.
    clock : callable, optional
        Returns the present moment, with its offset: what each entry holds as ``written``. By default this machine's.

    Returns
    -------
    AuditLog

    Raises
    ------
    ArgumentError
        An argument is no path, or ``clock`` cannot be called.

    Examples
    --------
    >>> audit_log("audit.sqlite").head.name
    'audit.sqlite.head.json'
    """
    given = {"path": path, "keys": path if keys is None else keys, "head": path if head is None else head}
    rules = {f"{name} must be a path, such as 'audit.sqlite'.": is_path(one) for name, one in given.items()}
    require("audit_log", {**rules, "clock must be a function of nothing, or left out.": callable(clock)})
    base = Path(path)
    return AuditLog(
        base,
        Path(keys) if keys is not None else base.with_name(f"{base.name}.keys.json"),
        Path(head) if head is not None else base.with_name(f"{base.name}.head.json"),
        clock,
    )


def append(
    log: AuditLog,
    entry: Mapping[str, Any],
    *,
    at: dt.datetime,
    subjects: Collection[str] = (),
    user: str | None = None,
    approver: str | None = None,
    relationship: str | None = None,
    sensitive: Collection[str] = (),
) -> Head:
    """Return the head of a log after an entry, and the head itself, are on the disk.

    Parameters
    ----------
    log : AuditLog
        Made if it is not there.
    entry : mapping
        What happened, by the keys of ``riskshare.sharing.log_entries.FORMS``.
    at : datetime.datetime
        When, with an offset.
    subjects : collection of str
        Whom it is about. The entry holds commitments only, each with the subject's salt; repeats count once.
    user : str, optional
        Who did it. The entry holds a keyed pseudonym.
    approver : str, optional
        Who else said yes to it, likewise.
    relationship : str, optional
        Reference of the recorded relationship that it rests on, likewise.
    sensitive : collection of str
        Further ``sources`` whose involvement is itself sensitive, likewise.

    Returns
    -------
    Head

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed.
    AuditEntryError
        The entry holds what a log may not hold, or ``at`` has no offset or is not of 1900 to 2100; nothing is written.
    AuditTimeError
        ``at`` is more than an hour before what the log has come to, and the entry is neither a refusal nor about an
        emergency; nothing is written.
    AuditTrailError
        The log does not reach to its own head, its last entry is not what was sealed, or its head is missing. Going
        on would hide that, so nothing is written.
    AuditKeyError
        The keys cannot be used; nothing is written.
    AuditWriteError
        The disk refused, or another writer did not make way. The entry may be there; nothing may be disclosed.
    """
    require(
        "append",
        {
            "log must be an AuditLog, from audit_log().": isinstance(log, AuditLog),
            "entry must be a mapping of the log's keys.": isinstance(entry, Mapping),
            "subjects must be a collection of texts.": is_texts(subjects),
            "user must be text.": is_text(user, optional=True),
            "approver must be text.": is_text(approver, optional=True),
            "relationship must be text.": is_text(relationship, optional=True),
            "sensitive must be a collection of texts.": is_texts(sensitive),
        },
    )
    check_entry(entry)
    moment = utc(at)
    with writing(log.path) as db:
        with transaction(db):
            end = _end(log, db)
            people = {"user": user, "approver": approver}
            full = {**entry, "at": moment, **_under_key(end.keys, entry, relationship, sensitive)}
            head = _add(log, db, end, full, subjects, people)
        publish(log, db, head)
    return head


def _under_key(
    keys: Keys, entry: Mapping[str, Any], relationship: str | None, sensitive: Collection[str]
) -> dict[str, Any]:
    """Return what may stand in an entry only as a pseudonym, apart from people."""
    made: dict[str, Any] = {}
    if relationship is not None:
        made["relationship"] = relationship_pseudonym(keys, relationship)
    if sensitive:
        made["sources"] = sorted({*entry.get("sources", ()), *(source_pseudonym(keys, one) for one in sensitive)})
    return made


def must_not_be_back_dated(log: AuditLog, at: dt.datetime) -> None:
    """Refuse a moment at which nothing may be given any more, since the log has come further than that.

    Raises
    ------
    AuditTimeError
        It is more than an hour before what the log has come to.
    AuditError
        The log cannot be read.
    """
    if not log.path.exists():
        return  # the first entry makes it, unless its head speaks of more
    with reading(log.path) as db:
        known = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'").fetchone()
        row = None if known is None else last_row(db)
    if row is not None:
        _must_follow(_said(row), {"event": "disclosure", "at": utc(at)}, utc(log.clock()))


def _must_follow(last: Mapping[str, Any] | None, entry: Mapping[str, Any], now: str) -> None:
    """Refuse an entry that is dated before what the log holds."""
    so_far = come_to(last, now)
    if is_back_dated(entry, entry["at"], so_far):
        day, clock = so_far[:10], so_far[11:16]
        come = f"{day} {clock} UTC"
        raise AuditTimeError(come)


def _said(row: Row | Status) -> Mapping[str, Any]:
    """Return what the last entry says.

    Raises
    ------
    AuditTrailError
        It is none, or its moment cannot be read.
    """
    try:
        if isinstance(row, Status):
            raise ValueError
        told = json.loads(row.body)
        utc(dt.datetime.fromisoformat(told.get("latest", told["at"])))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        what = "The last entry of the audit log cannot be read."
        raise AuditTrailError(what, _CHECK) from None
    return dict(told)


def release_id(log: AuditLog, ids: Iterable[str], *, about: Iterable[str] = ()) -> str:
    """Return under what a log and the files made with it name one release, 64 hexadecimal digits.

    A decision's own id is a hash of question and answer: whoever knows the agreement could try every agency and area,
    and find which one a file rests on. So the ids of all decisions, and whom the release is about, are keyed; and the
    log's next number is among them, so that two releases never share one: equal ids would tell that two people's
    records lie with the same agency and area. A log that is not there is made, with its keys.

    Raises
    ------
    AuditError
        As ``append`` does.
    """
    with writing(log.path) as db, transaction(db):
        end = _end(log, db)
    return keyed(end.keys, json.dumps([end.head.seq + 1, sorted(ids), sorted(about)]))


def erase(log: AuditLog, subject_id: str, *, at: dt.datetime) -> bool:
    """Return whether the log knew a subject, after making it unlinkable and noting that somebody was.

    The subject's salt is deleted and overwritten. From then on nobody, not even with the keys and the id, can tell
    which entries were about the subject, nor that two of them were about the same; every seal still holds. Copies of
    the file made earlier hold the salt until they are deleted.

    Parameters
    ----------
    log : AuditLog
    subject_id : str
    at : datetime.datetime
        When, with an offset.

    Raises
    ------
    AuditError
        As ``append`` does; also ``AuditWriteError`` if somebody reading the log keeps the old salt on the disk: then
        call it again once they have finished.
    """
    require("erase", {"subject_id must be text.": is_text(subject_id)})
    moment = utc(at)
    must_exist(log.path)
    with writing(log.path) as db:
        with transaction(db):
            end = _end(log, db)
            gone = db.execute("DELETE FROM salts WHERE place = ?", (salt_place(end.keys, subject_id),)).rowcount
            head = _add(log, db, end, {"event": "erasure", "rows": gone, "at": moment})
        publish(log, db, head)
        (busy, *_) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        what = "The salt is deleted, but a reader of the log keeps an old copy of it on the disk."
        raise AuditWriteError(what, "Run the same again when nobody reads the log.")
    return bool(gone)


def begin_epoch(log: AuditLog, *, at: dt.datetime) -> Head:
    """Return the head after noting that a new key begins; the entries after it are sealed with that key.

    Raises
    ------
    AuditError
        As ``append`` does.
    """
    moment = utc(at)
    must_exist(log.path)
    with writing(log.path) as db:
        with transaction(db):
            end = _end(log, db)
            keys, after = end.keys, end.head.seq + 2
            newest = keys.epochs[-1]
            if newest.from_seq < after:  # else one was begun and the crash came before its entry: take that one
                epochs = (*keys.epochs, EpochKey(newest.epoch + 1, after, new_key()))
                end = end._replace(keys=Keys(epochs, keys.users, keys.lookup, keys.heads))
                write_keys(log.keys, end.keys)
            head = _add(log, db, end, {"event": "new_key", "at": moment})
        publish(log, db, head)
    return head


def _end(log: AuditLog, db: sqlite3.Connection) -> _End:
    """Return the end of a log and its keys, once it is known that nothing was cut off; a new log gets both."""
    make_tables(db)
    row = last_row(db)
    known = read_head(log.head)
    if row is None:
        if known is not None and known.seq:
            what = f"The audit log is empty, and its head speaks of {known.seq} entries."
            raise AuditTrailError(what, _CHECK)
        keys = ensure_keys(log.keys)
        if known is None:
            write_head(log.head, EMPTY_HEAD)  # so that from now on a missing head is no accident of beginning
        return _End(EMPTY_HEAD, None, keys)
    if known is None:
        what = "The head file of the audit log is missing."
        raise AuditTrailError(what, _CHECK)
    keys = read_keys(log.keys)
    before = EMPTY_HEAD if isinstance(row, Status) else Head(row.seq - 1, row.seq - 1, row.prev, "")
    verdict = verify([row], keys.epochs, [known] if known.seq >= before.seq else [], after=before)
    if verdict.status is Status.OK and known.seq < before.seq:
        at_head = db.execute("SELECT tag FROM entries WHERE seq = ?", (known.seq,)).fetchone()
        if at_head != (known.tag,):
            verdict = Verdict(Status.REWRITTEN, known.seq, before)
    if verdict.status is not Status.OK:
        what = f"The end of the audit log does not fit its head and keys ({verdict.status.replace('_', ' ')})."
        raise AuditTrailError(what, _CHECK)
    if not known.seq:  # a crash, or a writer that has not come to it: from the second entry on, no head says "none"
        write_head(log.head, verdict.head)
    return _End(verdict.head, _said(row), keys)


def _add(
    log: AuditLog,
    db: sqlite3.Connection,
    end: _End,
    entry: dict[str, Any],
    subjects: Collection[str] = (),
    people: Mapping[str, str | None] = MappingProxyType({}),
) -> Head:
    keys, seq, written = end.keys, end.head.seq + 1, utc(log.clock())
    _must_follow(end.body, entry, written)
    key = key_at(keys.epochs, seq)
    full = {**entry, "epoch": key.epoch, "latest": reached(end.body, entry, written), "seq": seq}
    full["written"] = written
    full |= {name: user_pseudonym(keys, person) for name, person in people.items() if person is not None}
    if subjects:
        full["subjects"] = sorted(commitment(_salt(db, keys, one), seq, one) for one in set(subjects))
    check_entry(full, made=MADE_BY_THE_LOG)
    body = canonical(full)
    row = Row(seq, end.head.tag, body, seal(key.key, end.head.tag, body))
    insert(db, row)
    return head_of(row)


def _salt(db: sqlite3.Connection, keys: Keys, subject_id: str) -> bytes:
    place = salt_place(keys, subject_id)
    kept = db.execute("SELECT salt FROM salts WHERE place = ?", (place,)).fetchone()
    if kept is not None:
        return bytes(kept[0])
    salt = new_key()
    db.execute("INSERT INTO salts (place, salt) VALUES (?, ?)", (place, salt))
    return salt


def publish(log: AuditLog, db: sqlite3.Connection, head: Head) -> None:
    """Write the newest head, one writer at a time, so that an older one never takes the place of a newer."""
    with transaction(db):
        known = read_head(log.head)
        if known is None or known.seq < head.seq:
            newest = last_row(db)
            write_head(log.head, head_of(newest) if isinstance(newest, Row) else head)
