"""What every worker of a cluster must know: everything that decides a result, as JSON with its SHA-256."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import scipy

from riskshare.engines.blocks import Settings
from riskshare.errors import EngineError
from riskshare.io.run_folder import is_whole, write_table
from riskshare.records.base import Record
from riskshare.records.evidence import Subjects
from riskshare.records.partnership import Agency, Partnership, Signature
from riskshare.records.policy import TrustPolicy
from riskshare.records.scale import CommonScale, Scale
from riskshare.version import VERSION

R = TypeVar("R", bound=Record)

SUBJECTS: Final = "subjects.parquet"
_KNOWN: Final = ("subject_id", "age_band")
"""What scoring takes of subjects: nothing else travels."""


class Sent(NamedTuple):
    """What travels with every task: the settings as ``text``, their ``sha256``, and the ``folder`` of the run."""

    text: str
    sha256: str
    folder: str


def pack(settings: Settings, folder: Path) -> Sent:
    """Return settings as they travel; ages go to a file in ``folder``, which every worker can read.

    Raises
    ------
    DiskFullError
        There is no room for the ages.
    """
    about = None
    if settings.subjects is not None:
        ages = pa.Table.from_pandas(settings.subjects.table[list(_KNOWN)], preserve_index=False)
        about = write_table(folder / SUBJECTS, ages)
    agreed = settings.partnership
    told = {
        "versions": versions(),
        "partnership": _plain(agreed),
        "version": agreed.version,
        "policy_hash": agreed.policy_hash,
        "as_of": settings.as_of.isoformat(),
        "sources": list(settings.sources),
        "trial": settings.trial,
        "conditions_met": sorted(settings.conditions_met),
        "subjects": about,
        "compiled": settings.compiled,
    }
    text = json.dumps(told, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return Sent(text, hashlib.sha256(text.encode("utf-8")).hexdigest(), str(folder.absolute()))


def versions() -> dict[str, str]:
    """Return the versions of everything whose bits end in a score: a cluster must have one of each."""
    return {"riskshare": VERSION, "numpy": np.__version__, "scipy": scipy.__version__}


def _plain(agreed: Partnership) -> dict[str, Any]:
    return {
        "name": agreed.name,
        "purpose": agreed.purpose,
        "is_example": agreed.is_example,
        "agencies": [one.model_dump(mode="json") for one in agreed.agencies],
        "common_scale": agreed.common_scale.model_dump(mode="json"),
        "scales": [one.model_dump(mode="json") for one in agreed.scales],
        "trust": agreed.trust.model_dump(mode="json"),
        "signatures": [one.model_dump(mode="json") for one in agreed.signatures],
    }


@functools.lru_cache(maxsize=2)
def unpack(sent: Sent) -> Settings:
    """Return the settings that were sent, after making sure that they are those.

    Raises
    ------
    EngineError
        The text, the agreement rebuilt from it, or the ages are not what was sent; or this machine has another version
        of riskshare, NumPy or SciPy, and could give other bits.

    Notes
    -----
    Kept for the process: a worker rebuilds its settings once, not once a task.
    """
    if hashlib.sha256(sent.text.encode("utf-8")).hexdigest() != sent.sha256:
        _refuse("the settings that reached it are not those that were sent")
    told = json.loads(sent.text)
    here = versions()
    other = [f"{name} {here[name]} and not {asked}" for name, asked in told["versions"].items() if here[name] != asked]
    if other:
        _refuse(f"it has {', '.join(other)}")
    agreed = _rebuilt(told["partnership"])
    if (agreed.version, agreed.policy_hash) != (told["version"], told["policy_hash"]):
        _refuse("the agreement rebuilt there has another hash")
    return Settings(
        agreed, dt.date.fromisoformat(told["as_of"]), tuple(told["sources"]), told["trial"],
        frozenset(told["conditions_met"]), _subjects(sent, told["subjects"]), told["compiled"],
    )  # fmt: skip


def _refuse(why: str) -> NoReturn:
    what = f"A worker of the cluster refused its work: {why}."
    raise EngineError(what, "Install the same versions on every machine of the cluster, then run again.")


def _rebuilt(told: Mapping[str, Any]) -> Partnership:
    return Partnership(
        name=told["name"],
        purpose=told["purpose"],
        agencies=tuple(_record(Agency, one) for one in told["agencies"]),
        common_scale=_record(CommonScale, told["common_scale"]),
        scales=tuple(_record(Scale, one) for one in told["scales"]),
        trust=_record(TrustPolicy, told["trust"]),
        signatures=tuple(_record(Signature, one) for one in told["signatures"]),
        is_example=told["is_example"],
    )


def _record(kind: type[R], told: Any) -> R:
    """Return a record; strict records take dates and tuples from JSON text, and not from Python's plain values."""
    return kind.model_validate_json(json.dumps(told))


def _subjects(sent: Sent, told: Mapping[str, Any] | None) -> Subjects | None:
    if told is None:
        return None
    if not is_whole(Path(sent.folder), told):
        _refuse("the ages that it reads are not those that were sent")
    table = pq.read_table(Path(sent.folder) / SUBJECTS).to_pandas()
    return Subjects(table, pd.DataFrame(), {})
