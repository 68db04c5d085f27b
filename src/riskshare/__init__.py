"""Multi-agency risk assessment: partners' thresholds on one scale, evidence weighed by agreed trust, explained scores.

Nothing here decides about a person: every result informs a named practitioner. Names are loaded when first used, so
that importing riskshare stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from riskshare.assessment import Assessment, assess
    from riskshare.comparing import (
        Plan,
        ThresholdComparison,
        compare_responses,
        compare_thresholds,
        link_scales,
        response_plan,
    )
    from riskshare.engines.duckdb_run import assess_out_of_core
    from riskshare.engines.finished import Finished
    from riskshare.errors import (
        AgreementError,
        ArgumentError,
        AuditEntryError,
        AuditError,
        AuditKeyError,
        AuditTimeError,
        AuditTrailError,
        AuditWriteError,
        DisclosureError,
        DiskFullError,
        EngineError,
        EvidenceError,
        EvidenceFileError,
        LinkRefusedError,
        MemoryLimitError,
        MissingExtraError,
        PartnershipError,
        PlaceError,
        PlaceProblem,
        PolicyError,
        Problem,
        ReleaseRefusedError,
        ResumeError,
        RiskshareError,
        UnknownSubjectError,
        UnsignedPolicyError,
    )
    from riskshare.io.agreement import load_agreements
    from riskshare.io.audit_log import AuditLog, audit_log
    from riskshare.io.characteristics import read_characteristics
    from riskshare.io.evidence import read_evidence
    from riskshare.io.exports import write
    from riskshare.io.partnership import load_partnership
    from riskshare.io.points import read_points
    from riskshare.io.responses import read_responses
    from riskshare.io.shared_cases import read_shared_cases
    from riskshare.io.signing import sign
    from riskshare.io.standing import read_standing
    from riskshare.io.subjects import read_subjects
    from riskshare.one_subject import assess_subject
    from riskshare.practice import RecordingPractice, recording_practice
    from riskshare.profiling import PlaceProfiles, profile_places
    from riskshare.records.agreement import AgreementSet, Recipient
    from riskshare.records.characteristics import Characteristics
    from riskshare.records.evidence import Evidence, Subjects
    from riskshare.records.linked_scores import LinkedScore, LinkedScores
    from riskshare.records.links import Link
    from riskshare.records.partnership import Partnership
    from riskshare.records.response_times import ResponseTimes
    from riskshare.records.responses import Responses
    from riskshare.records.shared_cases import SharedCases
    from riskshare.records.sharing_request import Decision, Objection, Override, Relationship, Request
    from riskshare.scales.normalise import Readings, normalise
    from riskshare.scoring.groups import GroupAudit, audit_groups
    from riskshare.sharing.asking import SharingRefusedError
    from riskshare.spots import HotSpots, hotspots
    from riskshare.trust.purge import purge
    from riskshare.version import VERSION as __version__

_HOMES = {
    "AgreementError": "riskshare.errors",
    "AgreementSet": "riskshare.records.agreement",
    "ArgumentError": "riskshare.errors",
    "Assessment": "riskshare.assessment",
    "AuditEntryError": "riskshare.errors",
    "AuditError": "riskshare.errors",
    "AuditKeyError": "riskshare.errors",
    "AuditLog": "riskshare.io.audit_log",
    "AuditTimeError": "riskshare.errors",
    "AuditTrailError": "riskshare.errors",
    "AuditWriteError": "riskshare.errors",
    "Characteristics": "riskshare.records.characteristics",
    "Decision": "riskshare.records.sharing_request",
    "DisclosureError": "riskshare.errors",
    "DiskFullError": "riskshare.errors",
    "EngineError": "riskshare.errors",
    "Evidence": "riskshare.records.evidence",
    "EvidenceError": "riskshare.errors",
    "EvidenceFileError": "riskshare.errors",
    "Finished": "riskshare.engines.finished",
    "GroupAudit": "riskshare.scoring.groups",
    "HotSpots": "riskshare.spots",
    "Link": "riskshare.records.links",
    "LinkRefusedError": "riskshare.errors",
    "LinkedScore": "riskshare.records.linked_scores",
    "LinkedScores": "riskshare.records.linked_scores",
    "MemoryLimitError": "riskshare.errors",
    "MissingExtraError": "riskshare.errors",
    "Objection": "riskshare.records.sharing_request",
    "Override": "riskshare.records.sharing_request",
    "Partnership": "riskshare.records.partnership",
    "PartnershipError": "riskshare.errors",
    "PlaceError": "riskshare.errors",
    "PlaceProblem": "riskshare.errors",
    "PlaceProfiles": "riskshare.profiling",
    "Plan": "riskshare.comparing",
    "PolicyError": "riskshare.errors",
    "Problem": "riskshare.errors",
    "Readings": "riskshare.scales.normalise",
    "Recipient": "riskshare.records.agreement",
    "RecordingPractice": "riskshare.practice",
    "Relationship": "riskshare.records.sharing_request",
    "ReleaseRefusedError": "riskshare.errors",
    "Request": "riskshare.records.sharing_request",
    "ResponseTimes": "riskshare.records.response_times",
    "Responses": "riskshare.records.responses",
    "ResumeError": "riskshare.errors",
    "RiskshareError": "riskshare.errors",
    "Shared": "riskshare.sharing.shared",
    "SharedCases": "riskshare.records.shared_cases",
    "SharingRefusedError": "riskshare.sharing.asking",
    "Subjects": "riskshare.records.evidence",
    "ThresholdComparison": "riskshare.comparing",
    "UnknownSubjectError": "riskshare.errors",
    "UnsignedPolicyError": "riskshare.errors",
    "assess": "riskshare.assessment",
    "assess_out_of_core": "riskshare.engines.duckdb_run",
    "assess_subject": "riskshare.one_subject",
    "audit_groups": "riskshare.scoring.groups",
    "audit_log": "riskshare.io.audit_log",
    "compare_responses": "riskshare.comparing",
    "compare_thresholds": "riskshare.comparing",
    "decide": "riskshare.sharing.decision",
    "hotspots": "riskshare.spots",
    "link_scales": "riskshare.comparing",
    "load_agreements": "riskshare.io.agreement",
    "load_partnership": "riskshare.io.partnership",
    "normalise": "riskshare.scales.normalise",
    "profile_places": "riskshare.profiling",
    "purge": "riskshare.trust.purge",
    "read_characteristics": "riskshare.io.characteristics",
    "read_evidence": "riskshare.io.evidence",
    "read_points": "riskshare.io.points",
    "read_responses": "riskshare.io.responses",
    "read_shared_cases": "riskshare.io.shared_cases",
    "read_standing": "riskshare.io.standing",
    "read_subjects": "riskshare.io.subjects",
    "recording_practice": "riskshare.practice",
    "response_plan": "riskshare.comparing",
    "share": "riskshare.releasing.sharing_out",
    "sign": "riskshare.io.signing",
    "write": "riskshare.io.exports",
}

__all__ = [
    "AgreementError",
    "AgreementSet",
    "ArgumentError",
    "Assessment",
    "AuditEntryError",
    "AuditError",
    "AuditKeyError",
    "AuditLog",
    "AuditTimeError",
    "AuditTrailError",
    "AuditWriteError",
    "Characteristics",
    "Decision",
    "DisclosureError",
    "DiskFullError",
    "EngineError",
    "Evidence",
    "EvidenceError",
    "EvidenceFileError",
    "Finished",
    "GroupAudit",
    "HotSpots",
    "Link",
    "LinkRefusedError",
    "LinkedScore",
    "LinkedScores",
    "MemoryLimitError",
    "MissingExtraError",
    "Objection",
    "Override",
    "Partnership",
    "PartnershipError",
    "PlaceError",
    "PlaceProblem",
    "PlaceProfiles",
    "Plan",
    "PolicyError",
    "Problem",
    "Readings",
    "Recipient",
    "RecordingPractice",
    "Relationship",
    "ReleaseRefusedError",
    "Request",
    "ResponseTimes",
    "Responses",
    "ResumeError",
    "RiskshareError",
    "Shared",
    "SharedCases",
    "SharingRefusedError",
    "Subjects",
    "ThresholdComparison",
    "UnknownSubjectError",
    "UnsignedPolicyError",
    "__version__",
    "assess",
    "assess_out_of_core",
    "assess_subject",
    "audit_groups",
    "audit_log",
    "compare_responses",
    "compare_thresholds",
    "decide",
    "hotspots",
    "link_scales",
    "load_agreements",
    "load_partnership",
    "normalise",
    "profile_places",
    "purge",
    "read_characteristics",
    "read_evidence",
    "read_points",
    "read_responses",
    "read_shared_cases",
    "read_standing",
    "read_subjects",
    "recording_practice",
    "response_plan",
    "share",
    "sign",
    "write",
]


def __getattr__(name: str) -> object:
    """Load a public name from its home when it is first used."""
    if name == "__version__":
        return import_module("riskshare.version").VERSION
    if name not in _HOMES:
        msg = f"module 'riskshare' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
