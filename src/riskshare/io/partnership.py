"""Loading an agreed partnership: every file read, everything checked, all problems told at once."""

from __future__ import annotations

import os
from pathlib import Path

from riskshare.errors import AgreementError, PartnershipError, Problem
from riskshare.io.partnership_files import SHARING, Table, read_tables, shown
from riskshare.io.partnership_schema import Fitted, R, alone, fit, group, join
from riskshare.records.agreement import Agreement, AgreementSet
from riskshare.records.agreement import in_order as agreement_in_order
from riskshare.records.arguments import is_path, require
from riskshare.records.base import Record, Text
from riskshare.records.checks import find_problems
from riskshare.records.checks_draft import Draft, Group
from riskshare.records.checks_sharing import check_sharing
from riskshare.records.partnership import Agency, Partnership, Signature
from riskshare.records.partnership_hash import by_id, in_order
from riskshare.records.policy import (
    ExpectedAnswer,
    Family,
    Gateway,
    Grade,
    HandlingCondition,
    Indicator,
    SourceType,
    TrustPolicy,
)
from riskshare.records.scale import CommonScale, Scale
from riskshare.scales.agreed import scale_problems


class PartnershipFile(Record):
    """What ``partnership.toml`` holds."""

    name: Text
    purpose: Text
    example: bool
    """True for a folder that shows how it is done and is nobody's agreement."""
    agencies: tuple[Agency, ...]


class SignaturesFile(Record):
    """What ``signatures.toml`` holds."""

    signatures: tuple[Signature, ...] = ()


class SharingFile(Record):
    """What ``sharing.toml`` holds."""

    agreements: tuple[Agreement, ...]


def load_partnership(folder: str | os.PathLike[str]) -> Partnership:
    """Return the agreed partnership that a folder holds, read whole and checked.

    The folder holds ``partnership.toml``, ``common_scale.toml``, ``trust.toml``, ``scales/*.toml`` (one scale
    each, under any name) and, once somebody has signed, ``signatures.toml``. Keys are the fields of the records in
    ``riskshare.records``. ``sharing.toml``, once something is agreed about sharing, is checked with the rest; any
    other ``.toml`` file is a problem, and other files are ignored. Lists whose order means nothing come back sorted by
    id.

    Parameters
    ----------
    folder : path
        The partnership folder.

    Returns
    -------
    Partnership
        With ``policy_hash``, which agencies sign, and ``version``, which travels with every result: SHA-256 over
        canonical JSON of what was parsed, whatever the comments, layout, order and names of scale files.

    Raises
    ------
    ArgumentError
        ``folder`` is not a path.
    PartnershipError
        Something is wrong. ``problems`` lists everything at once, sorted, each with file, key path (positions count
        from 0, as in ``indicators[3].family``), rule and remedy. No configured text is repeated beyond ids.
    AgreementError
        The same, where everything but the sharing agreement is good.

    Examples
    --------
    >>> load_partnership("no such folder")
    Traceback (most recent call last):
    riskshare.errors.PartnershipError: The partnership has 1 problem:
      - the folder given: There is no such folder. Give the folder that holds partnership.toml.
    """
    require("load_partnership", {"folder must be a path, such as 'thresholds'.": is_path(folder)})
    tables, problems = read_tables(Path(folder))
    head, trust, common, signed, scales = _fit_all(tables, problems)
    draft = Draft(
        agencies=group(head, "agencies", Agency),
        common_scale=common.entry if common else None,
        scales=join([alone(scale) if scale else Group() for scale in scales]),
        trust=trust.entry if trust else None,
        grades=group(trust, "grades", Grade, ("source", "assessment")),
        source_types=group(trust, "source_types", SourceType),
        indicators=group(trust, "indicators", Indicator),
        families=group(trust, "families", Family),
        expected_answers=group(trust, "expected_answers", ExpectedAnswer),
        gateways=group(trust, "gateways", Gateway),
        handling_conditions=group(trust, "handling_conditions", HandlingCondition),
        signatures=group(signed, "signatures", Signature, ("agency",)),
    )
    problems += find_problems(draft)
    problems += _unplaceable(draft, {problem.file for problem in problems})
    papers = _papers(tables, draft, problems)
    if problems and {problem.file for problem in problems} == {SHARING}:
        raise AgreementError(sorted(set(problems)))
    if problems or head is None or trust is None or common is None:
        raise PartnershipError(sorted(set(problems)))
    return _assemble(draft, papers, head.entry.record, trust.entry.record, common.entry.record)


def _papers(tables: dict[str, Table | None], draft: Draft, problems: list[Problem]) -> Group[Agreement] | None:
    """Return the sharing agreements, if there is a file of them, adding what is wrong to ``problems``."""
    table = tables.get(SHARING)
    if table is None:
        return None
    fitted, faults = fit(SharingFile, table, SHARING)
    papers = group(fitted, "agreements", Agreement, ("id", "version"))
    problems += [*faults, *check_sharing(papers, draft)]
    return papers


def _unplaceable(draft: Draft, faulty: set[str]) -> list[Problem]:
    """Return what keeps a scale, sound in itself, from being placed on the common scale."""
    sound = [entry for entry in draft.scales.entries if entry.file not in faulty]
    return [problem for entry in sound for problem in scale_problems(entry.record, entry.file)]


def _fit_all(
    tables: dict[str, Table | None], problems: list[Problem]
) -> tuple[
    Fitted[PartnershipFile] | None,
    Fitted[TrustPolicy] | None,
    Fitted[CommonScale] | None,
    Fitted[SignaturesFile] | None,
    list[Fitted[Scale] | None],
]:
    """Return each file fitted to its record, adding what does not fit to ``problems``."""

    def take(model: type[R], name: str) -> Fitted[R] | None:
        table = tables.get(name)
        if table is None:
            return None
        fitted, faults = fit(model, table, shown(name))
        problems.extend(faults)
        return fitted

    scales = [take(Scale, name) for name in sorted(tables) if name.startswith("scales/")]
    return (
        take(PartnershipFile, "partnership.toml"),
        take(TrustPolicy, "trust.toml"),
        take(CommonScale, "common_scale.toml"),
        take(SignaturesFile, "signatures.toml"),
        scales,
    )


def _assemble(
    draft: Draft, papers: Group[Agreement] | None, head: PartnershipFile, trust: TrustPolicy, common: CommonScale
) -> Partnership:
    agencies = by_id([in_order(agency) for agency in head.agencies])
    scales = by_id([in_order(entry.record) for entry in draft.scales.entries])
    return Partnership(
        name=head.name,
        purpose=head.purpose,
        agencies=agencies,
        common_scale=common,
        scales=scales,
        trust=in_order(trust),
        signatures=tuple(sorted((e.record for e in draft.signatures.entries), key=lambda s: s.agency)),
        is_example=head.example,
        sharing=_sharing(papers, draft),
    )


def _sharing(papers: Group[Agreement] | None, draft: Draft) -> AgreementSet | None:
    if papers is None:
        return None
    agreements = [agreement_in_order(entry.record) for entry in papers.entries]
    return AgreementSet(
        agreements=tuple(sorted(agreements, key=lambda one: (one.kind != "charter", one.id, one.version))),
        registered=tuple(sorted(draft.agencies.ids)),
        conditions=tuple(sorted(draft.handling_conditions.ids)),
    )
