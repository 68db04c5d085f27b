"""Signing the agreed policy: one entry an agency in ``signatures.toml``, replaced whole or not at all."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from riskshare.errors import PolicyError
from riskshare.io.partnership import load_partnership
from riskshare.records.arguments import is_day, is_path, is_text, require
from riskshare.records.partnership import Signature

SIGNATURES: Final = "signatures.toml"
_DRAFT: Final = ".signatures.toml.new"
_LOCK: Final = ".signatures.toml.lock"
_HEADING: Final = "# Who signed which policy. Written by `riskshare sign`: comments added here are lost.\n"


def sign(folder: str | os.PathLike[str], *, agency: str, role: str, signed_on: dt.date) -> Signature:
    """Return one agency's signature on the policy in force, after writing it into ``signatures.toml``.

    The folder is loaded and checked first. The agency's earlier signature, if any, is replaced; the others stay.
    Signing the same again changes nothing. The file is written beside the old one and then takes its place in one
    step, so that a crash leaves the old one or the new one; while one person signs, another is asked to wait.

    Parameters
    ----------
    folder : path
        The partnership folder.
    agency : str
        Id of the agency that signs.
    role : str
        In what role the person signs for it, such as ``head of safeguarding``; not a name.
    signed_on : datetime.date
        The day of signing.

    Returns
    -------
    Signature

    Raises
    ------
    PartnershipError
        The folder has problems; nothing is signed.
    ArgumentError
        An argument is not of the kind that is needed; all of them are named.
    PolicyError
        The agency is not a partner, the role cannot be used, or another signing is under way.
    """
    require(
        "sign",
        {
            "folder must be a path, such as 'thresholds'.": is_path(folder),
            "agency must be text: the id of the agency that signs.": is_text(agency),
            "role must be text: in what role the person signs, not a name.": is_text(role),
            "signed_on must be a datetime.date.": is_day(signed_on),
        },
    )
    home = Path(folder)
    partnership = load_partnership(home)
    if agency not in {member.id for member in partnership.agencies}:
        known = ", ".join(member.id for member in partnership.agencies)
        message = f"That agency is not one of this partnership. Sign as one of: {known}."
        raise PolicyError(message)
    with _only_writer(home) as draft:
        partnership = load_partnership(home)  # again, now that nobody else writes
        signature = _signature(agency, partnership.policy_hash, signed_on, role)
        others = [s for s in partnership.signatures if s.agency != agency]
        if signature not in partnership.signatures:
            _replace(home / SIGNATURES, draft, to_toml([*others, signature]))
    return signature


def to_toml(signatures: Iterable[Signature]) -> str:
    """Return the text of ``signatures.toml``, by agency, one table each.

    JSON's escapes are TOML's, except that TOML also escapes DEL.
    """
    parts = [_HEADING]
    for one in sorted(signatures, key=lambda signature: signature.agency):
        role = json.dumps(one.role, ensure_ascii=False).replace("\x7f", "\\u007F")
        parts.append(
            f"\n[[signatures]]\nagency = {json.dumps(one.agency)}\npolicy_hash = {json.dumps(one.policy_hash)}\n"
            f"signed_on = {one.signed_on.isoformat()}\nrole = {role}\n"
        )
    return "".join(parts)


def _signature(agency: str, policy_hash: str, signed_on: dt.date, role: str) -> Signature:
    try:
        return Signature(agency=agency, policy_hash=policy_hash, signed_on=signed_on, role=role)
    except ValidationError:
        message = (
            "The role cannot be used. Give 1 to 2,000 characters on one line, without tabs or characters that cannot "
            "be seen."
        )
        raise PolicyError(message) from None


@contextmanager
def _only_writer(home: Path) -> Iterator[Path]:
    """Hold the lock that one writer may have, and give the draft file to write.

    The lock is never renamed, and only its holder removes it: a draft that served as lock would be gone, and free for
    the next writer, before its own writer had finished.
    """
    lock, draft = home / _LOCK, home / _DRAFT
    try:
        lock.touch(exist_ok=False)
    except FileExistsError:
        message = f"Another signing is under way. Wait for it; if it was interrupted, remove {_LOCK} and sign again."
        raise PolicyError(message) from None
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)
        lock.unlink()


def _replace(target: Path, draft: Path, text: str) -> None:
    with draft.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, target)
    if hasattr(os, "O_DIRECTORY"):  # POSIX: the new name itself must reach the disk; Windows cannot open a folder
        handle = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
