"""The keys of an audit log: one owner-only file, made on first use, read at every entry and never shown."""

from __future__ import annotations

import hmac
import json
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from riskshare.errors import AuditKeyError
from riskshare.io.in_place import OWNER_ONLY, in_place
from riskshare.sharing.chain import EpochKey
from riskshare.sharing.decision import same_user

_KEY_BYTES: Final = 32
_OTHER_KEYS: Final = ("users", "lookup", "heads")


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """The keys of one agency's log. They have no printed form.

    Attributes
    ----------
    epochs : tuple of EpochKey
        What entries are sealed with, oldest first.
    users : bytes
        What user pseudonyms are made with.
    lookup : bytes
        What says where a subject's salt is kept, so that not even the table of salts names anybody.
    heads : bytes
        What other agencies' heads are countersigned with.
    """

    epochs: tuple[EpochKey, ...]
    users: bytes
    lookup: bytes
    heads: bytes

    def __repr__(self) -> str:
        """Say how many epochs there are, and no key."""
        return f"Keys({len(self.epochs)} epochs)"


def new_key() -> bytes:
    """Return 32 bytes from the system's source of secrets."""
    return secrets.token_bytes(_KEY_BYTES)


def ensure_keys(file: Path) -> Keys:
    """Return the keys in a file, made if it is not there.

    Raises
    ------
    AuditKeyError
        The file cannot be used.
    OSError
        It could not be written.
    """
    if not os.path.lexists(file):
        write_keys(file, Keys((EpochKey(1, 1, new_key()),), new_key(), new_key(), new_key()))
    return read_keys(file)


def write_keys(file: Path, keys: Keys) -> None:
    """Write keys, owner-only and in one step.

    Raises
    ------
    OSError
        They could not be written.
    """
    epochs = [{"epoch": one.epoch, "from_seq": one.from_seq, "key": one.key.hex()} for one in keys.epochs]
    content = {"epochs": epochs, **{name: getattr(keys, name).hex() for name in _OTHER_KEYS}}
    with in_place(file, mode=OWNER_ONLY) as draft:
        draft.write(json.dumps(content, indent=2).encode("ascii") + b"\n")


def read_keys(file: Path) -> Keys:
    """Return the keys in a file.

    Raises
    ------
    AuditKeyError
        The file is not there, may be read by others than its owner, or does not hold keys.
    """
    try:
        open_to = stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
        content = file.read_bytes()
    except OSError:
        what = "The file with the keys of the audit log cannot be read."
        raise AuditKeyError(what, "Put it back from its safe copy: without it nothing can be logged.") from None
    if open_to and os.name == "posix":
        what = "The file with the keys of the audit log is open to others than its owner."
        raise AuditKeyError(what, "Run `chmod 600` on it, find out who could read it, and begin a new key.")
    try:
        keys = _keys(json.loads(content))
    except (KeyError, TypeError, ValueError, RecursionError):
        what = "The file with the keys of the audit log does not hold keys."
        raise AuditKeyError(what, "Put it back from its safe copy.") from None
    return keys


def _keys(content: Any) -> Keys:
    """Return keys from plain values; ValueError, KeyError or TypeError where they are not in order."""
    epochs = tuple(EpochKey(one["epoch"], one["from_seq"], bytes.fromhex(one["key"])) for one in content["epochs"])
    others = [bytes.fromhex(content[name]) for name in _OTHER_KEYS]
    starts = [one.from_seq for one in epochs]
    whole = all(type(number) is int for one in epochs for number in (one.epoch, one.from_seq))
    numbered = [one.epoch for one in epochs] == list(range(1, len(epochs) + 1))
    long = {len(key) for key in (*(one.key for one in epochs), *others)} == {_KEY_BYTES}
    if not (whole and numbered and long and starts[:1] == [1] and starts == sorted(set(starts))):
        raise ValueError
    return Keys(epochs, *others)


def user_pseudonym(keys: Keys, user_id: str) -> str:
    """Return what the log holds in place of a user: the same in all entries of one log, worthless without its keys.

    Case and outer or repeated blanks do not make another user.
    """
    return f"u{hmac.digest(keys.users, same_user(user_id).encode('utf-8', 'replace'), 'sha256').hex()[:32]}"


def source_pseudonym(keys: Keys, agency: str) -> str:
    """Return what the log holds in place of an agency whose involvement is itself sensitive, such as a refuge."""
    return f"s{hmac.digest(keys.users, b'source' + bytes(1) + agency.encode('utf-8'), 'sha256').hex()[:32]}"


def relationship_pseudonym(keys: Keys, reference: str) -> str:
    """Return what the log holds in place of the reference of a recorded relationship, 64 hexadecimal digits."""
    return hmac.digest(keys.users, b"relationship\x00" + reference.encode("utf-8", "replace"), "sha256").hex()


def keyed(keys: Keys, text: str) -> str:
    """Return what nobody without the keys can work out from a text, 64 hexadecimal digits."""
    return hmac.digest(keys.users, b"decision\x00" + text.encode("utf-8"), "sha256").hex()


def salt_place(keys: Keys, subject_id: str) -> bytes:
    """Return under what a subject's salt is kept."""
    return hmac.digest(keys.lookup, subject_id.encode("utf-8"), "sha256")
