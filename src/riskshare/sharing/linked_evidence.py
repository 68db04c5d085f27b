"""Evidence in which every id of one person is one id, by the merges that stand; the evidence given is not touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from riskshare.records.arguments import require
from riskshare.records.evidence import Evidence
from riskshare.sharing.links import LinkError, LinkLedger


def linked(evidence: Evidence, ledger: LinkLedger) -> Evidence:
    """Return evidence in which every id of one person is the first of them; the evidence given stays as it is.

    To undo a merge, undo it in the ledger and link the original evidence again.

    Parameters
    ----------
    evidence : Evidence
    ledger : LinkLedger

    Raises
    ------
    LinkError
        After linking, two records of one agency would have one key (agency, record, person, indicator): one would stand
        for a correction of the other. Ask the agency to give them references of their own.
    """
    require(
        "linked",
        {
            "evidence must be Evidence, as read_evidence gives.": isinstance(evidence, Evidence),
            "ledger must be a LinkLedger.": isinstance(ledger, LinkLedger),
        },
    )
    people = ledger.people()
    rows = _renamed(evidence.rows, people)
    key = ["agency", "record_id", "subject_id", "indicator"]
    before, after = (table.group_by(key).aggregate([]).num_rows for table in (evidence.rows, rows))
    if before != after:
        message = (
            f"{before - after:,} records of a person would take the place of another of the same reference. Ask the "
            "agency that sent them to give each its own, or undo the merge."
        )
        raise LinkError(message)
    note = f"{sum(one != first for one, first in people.items()):,} ids are linked to another of the same person."
    return replace(evidence, rows=rows, barred=_renamed(evidence.barred, people), notes=(*evidence.notes, note))


def _renamed(table: pa.Table, people: Mapping[str, str]) -> pa.Table:
    at = table.schema.get_field_index("subject_id")
    names = [people.get(one, one) if one is not None else None for one in table["subject_id"].to_pylist()]
    return table.set_column(at, table.schema.field(at), pa.array(names, pa.string()))
