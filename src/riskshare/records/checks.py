"""Everything the agreed records must satisfy together. Pure: records in, problems out; no file is opened."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from riskshare.errors import Problem
from riskshare.records.base import Record
from riskshare.records.checks_dates import clash, unsafe_format
from riskshare.records.checks_draft import Draft, Entry, Group, repeated
from riskshare.records.checks_scales import check_common_scale, check_scale
from riskshare.records.checks_trust import check_trust
from riskshare.records.partnership import Agency, ResponseStandard


def find_problems(draft: Draft) -> tuple[Problem, ...]:
    """Return everything wrong across an agreed partnership, sorted by file and key; empty if nothing is.

    Only what could be read is judged: a field that its schema refused raises no second problem here, and an
    id is called unknown only where the list it should stand in was read whole.

    Parameters
    ----------
    draft : Draft
        What could be read of the folder.

    Returns
    -------
    tuple of Problem
    """
    return tuple(sorted(set(_all_problems(draft))))


def _all_problems(draft: Draft) -> Iterator[Problem]:
    yield from _check_unique(draft)
    for agency in draft.agencies.entries:
        yield from _check_agency(draft, agency)
    if draft.common_scale is not None:
        yield from check_common_scale(draft.common_scale)
    for scale in draft.scales.entries:
        yield from check_scale(scale)
    yield from check_trust(draft)
    for signature in draft.signatures.entries:
        if signature.has("agency") and draft.agencies.lacks(signature.record.agency):
            yield signature.problem(
                "agency",
                f"'{signature.record.agency}' signed but is not an agency of this partnership.",
                "Correct the id, remove the signature, or add the agency to partnership.toml.",
            )


def _check_unique(draft: Draft) -> Iterator[Problem]:
    yield from _twice(draft.agencies, "id", "Agency")
    yield from _twice(draft.scales, "id", "Scale")
    yield from _twice(draft.source_types, "id", "Source type")
    yield from _twice(draft.indicators, "id", "Indicator")
    yield from _twice(draft.families, "id", "Family")
    yield from _twice(draft.expected_answers, "id", "Expected answer")
    yield from _twice(draft.gateways, "id", "Gateway")
    yield from _twice(draft.handling_conditions, "id", "Handling condition")
    cells = [entry for entry in draft.grades.entries if entry.has("source", "assessment")]
    for i in repeated(tuple(cell.record.id for cell in cells)):
        yield cells[i].problem(
            "", f"Cell {cells[i].record.id} is graded twice.", "Keep one entry for each source and assessment."
        )
    signed = [entry for entry in draft.signatures.entries if entry.has("agency")]
    for i in repeated(tuple(entry.record.agency for entry in signed)):
        yield signed[i].problem(
            "agency",
            f"'{signed[i].record.agency}' signs twice.",
            "Keep the signature that stands; `riskshare sign` replaces an older one.",
        )


def _twice(group: Group[Record], field: str, what: str) -> Iterator[Problem]:
    named = [entry for entry in group.entries if entry.has(field)]
    ids = tuple(str(getattr(entry.record, field)) for entry in named)
    for i in repeated(ids):
        yield named[i].problem(field, f"{what} id '{ids[i]}' is used twice.", "Give each its own id.")


def _check_agency(draft: Draft, entry: Entry[Agency]) -> Iterator[Problem]:
    if entry.has("authorities"):
        for i in repeated(entry.record.authorities):
            yield entry.problem(f"authorities[{i}]", "An authority is named twice.", "Name each authority once.")
    if entry.has("date_formats"):
        yield from _check_dates(entry)
    if not entry.has("standards"):
        return
    standards = entry.record.standards
    for i in repeated(tuple(standard.id for standard in standards)):
        yield entry.problem(
            f"standards[{i}].id", f"Standard id '{standards[i].id}' is used twice.", "Give each standard its own id."
        )
    for i, standard in enumerate(standards):
        yield from _check_standard(draft, entry, f"standards[{i}]", standard)


def _check_dates(entry: Entry[Agency]) -> Iterator[Problem]:
    formats = entry.record.date_formats
    if not formats:
        yield entry.problem(
            "date_formats", "The agency declares no date format.", 'Name one, such as "%Y-%m-%d"; nothing is guessed.'
        )
    safe = []
    for i, date_format in enumerate(formats):
        fault = unsafe_format(date_format)
        if fault is None:
            safe.append(i)
        else:
            yield entry.problem(f"date_formats[{i}]", fault, "Write it like %d/%m/%Y or %Y-%m-%d.")
    for i, j in combinations(safe, 2):
        if formats[i] == formats[j] or clash(formats[i], formats[j]):
            yield entry.problem(
                f"date_formats[{j}]",
                f"It repeats date_formats[{i}], or reads some text as another date than that does.",
                "Keep one of the two, and agree with the agency that it sends every date that way.",
            )


def _check_standard(draft: Draft, entry: Entry[Agency], path: str, standard: ResponseStandard) -> Iterator[Problem]:
    hours, days = standard.target_hours, standard.target_working_days
    if (hours is None) == (days is None):
        yield entry.problem(
            f"{path}.target_hours",
            "A standard has exactly one target.",
            "Give target_hours or target_working_days, not both.",
        )
    elif (standard.clock == "working_days") != (days is not None):
        yield entry.problem(
            f"{path}.clock",
            "The clock does not fit the target.",
            "Use working_days with target_working_days, and elapsed or working_hours with target_hours.",
        )
    if draft.scales.lacks(standard.scale):
        yield entry.problem(
            f"{path}.scale", f"There is no scale '{standard.scale}'.", "Name the id of a scale in scales/."
        )
    for scale in draft.scales.entries:
        same = scale.has("id", "bands") and scale.record.id == standard.scale
        if same and standard.band not in {band.name for band in scale.record.bands}:
            yield entry.problem(
                f"{path}.band",
                f"Scale '{standard.scale}' has no band of that name.",
                "Write the name of one of its bands, exactly as it stands there.",
            )
