"""Every exception riskshare raises on purpose.

::

    RiskshareError
    ├── ArgumentError (TypeError)            an argument is not of the kind that is needed; all of them are named
    ├── PartnershipError (ValueError)        the agreed folder has problems; all of them are listed
    │   └── AgreementError                   only its sharing agreement has, or it has none
    ├── PolicyError (ValueError)             an agreed rule does not allow what was asked
    │   ├── UnsignedPolicyError              an agency has not signed the policy in force
    │   ├── LinkRefusedError                 a scale has no place on the common scale or another's
    │   ├── SharingRefusedError              nothing may leave as it was asked; whom to call (``sharing.asking``)
    │   ├── IdentifierRefusedError           an identifier may not be used (``sharing.identifiers``)
    │   ├── ReviewFirstError                 overrides about a person await review (``io.overrides``)
    │   ├── MatchRateError                   too few identifiers are valid to go live (``sharing.identifiers``)
    │   ├── LinkError                        links of people cannot be read, made or undone (``sharing.links``)
    │   ├── MoverError                       histories cannot be used for alerts (``sharing.movers``)
    │   └── DisclosureError                  something may not leave as it is; every reason is listed
    │       └── ReleaseRefusedError          a release would, beside an earlier one, tell of too few people
    ├── EvidenceError (ValueError)           evidence cannot be used
    │   └── EvidenceFileError                the whole file was stopped; nothing of it was read
    ├── PlaceError (ValueError)              points, areas or buildings cannot be used; everything wrong is listed
    ├── AuditError                           the audit log cannot be written or trusted: nothing may be disclosed
    │   ├── AuditEntryError (ValueError)     an entry holds what a log may not hold; everything wrong is listed
    │   ├── AuditTimeError (ValueError)      an entry is dated before what the log already holds
    │   ├── AuditWriteError                  an entry did not reach the disk
    │   ├── AuditKeyError                    the keys of a log are missing, unusable, or readable by others
    │   └── AuditTrailError                  the log is not what its head, or a head known elsewhere, says it is
    ├── UnknownSubjectError (KeyError)       no result for that subject
    ├── EngineError                          a large run stopped; what to do next is said
    │   ├── DiskFullError (OSError)          no room for what it writes: every finished part stands
    │   ├── MemoryLimitError (ValueError)    the memory allowed is no amount, or too little
    │   └── ResumeError (ValueError)         what stands there cannot be continued under these settings
    └── MissingExtraError (ImportError)      an optional part of riskshare is not installed

A module in brackets is where an exception is defined, if not here. No message holds a person's value: rows are named by
number, columns by name, rules by code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class RiskshareError(Exception):
    """The root of every error riskshare raises on purpose."""


class ArgumentError(RiskshareError, TypeError):
    """A call was given what it cannot take; ``problems`` says of every such argument what it must be."""

    def __init__(self, function: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{function}(): {' '.join(self.problems)}")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with an agreed partnership, and what to do about it.

    Attributes
    ----------
    file : str
        File name inside the partnership folder, such as ``scales/news2.toml``.
    key : str
        Path of the offending key, such as ``bands[2].from``; empty for the whole file.
    rule : str
        What is wrong, in a sentence.
    remedy : str
        What to do next, in a sentence.
    code : str
        Stable, for programs; empty where none is promised.
    """

    file: str
    key: str
    rule: str
    remedy: str
    code: str = ""

    def __str__(self) -> str:
        """One line: where, what, what to do."""
        where = f"{self.file}: {self.key}" if self.key else self.file
        return f"{where}: {self.rule} {self.remedy}"


class PartnershipError(RiskshareError, ValueError):
    """The agreed folder cannot be used; ``problems`` lists everything wrong with it at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        title = f"The partnership has {count} problem{'' if count == 1 else 's'}:"
        super().__init__("\n".join([title, *(f"  - {problem}" for problem in self.problems)]))


class AgreementError(PartnershipError):
    """There is no sharing agreement to ask: ``sharing.toml`` is missing or has problems, and the rest has none."""


class PolicyError(RiskshareError, ValueError):
    """An agreed rule does not allow what was asked."""


class UnsignedPolicyError(PolicyError):
    """Scoring was asked for under a policy that a contributing agency has not signed."""

    def __init__(self, agencies: Sequence[str], policy_hash: str) -> None:
        self.agencies = tuple(agencies)
        self.policy_hash = policy_hash
        names = ", ".join(self.agencies)
        super().__init__(
            f"The trust policy in force ({policy_hash[:12]}) is not signed by: {names}. "
            "Ask each to read it and run `riskshare sign`, or pass trial=True for a watermarked pilot run "
            "that cannot be shared."
        )


class LinkRefusedError(PolicyError):
    """A scale was asked for a place that it does not have: on the common scale, or on another agency's.

    ``reason`` says why; ``hint`` what to do, where the reason does not.
    """

    def __init__(
        self, scale_id: str, reason: str, *, hint: str = "Cross-tabulate it beside the score instead of scoring it."
    ) -> None:
        self.scale_id = scale_id
        self.reason = reason
        super().__init__(f"Scale {scale_id!r} is refused on linking: {reason} {hint}".rstrip())


class EvidenceError(RiskshareError, ValueError):
    """Evidence cannot be used as it is."""


class EvidenceFileError(EvidenceError):
    """A whole source was stopped before any row was accepted.

    ``code`` is stable, for programs; ``hint`` says what to do next.
    """

    def __init__(
        self, code: str, hint: str, *, source: str = "evidence", column: str = "", row: int | None = None
    ) -> None:
        self.code = code
        self.hint = hint
        self.source = source
        self.column = column
        self.row = row
        where = f"{source}, row {row}" if row is not None else source
        where = f"{where}, column {column}" if column else where
        super().__init__(f"{where}: stopped ({code}). {hint}")


@dataclass(frozen=True, slots=True, order=True)
class _CodedProblem:
    """One thing wrong, by its code.

    Attributes
    ----------
    code : str
        Stable, for programs.
    hint : str
        What is wrong, where, and what to do next; no person's value.
    """

    code: str
    hint: str

    def __str__(self) -> str:
        """One line: what and what to do."""
        return f"{self.code}: {self.hint}"


@dataclass(frozen=True, slots=True, order=True)
class PlaceProblem(_CodedProblem):
    """One thing wrong with points, areas or buildings."""


class PlaceError(RiskshareError, ValueError):
    """Points, areas or buildings cannot be used as they are; ``problems`` lists everything wrong at once."""

    def __init__(self, problems: Sequence[PlaceProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(["These places cannot be used:", *(f"  - {problem}" for problem in self.problems)]))


@dataclass(frozen=True, slots=True, order=True)
class DisclosureProblem(_CodedProblem):
    """One reason why something may not leave."""


class DisclosureError(PolicyError):
    """Something may not leave as it is; ``problems`` lists every reason at once."""

    def __init__(self, problems: Sequence[DisclosureProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(["This may not leave as it is:", *(f"  - {problem}" for problem in self.problems)]))


class ReleaseRefusedError(DisclosureError):
    """A release would, beside what was released before, tell of too few people."""


class AuditError(RiskshareError):
    """The audit log cannot be written or trusted: nothing may be disclosed."""

    def __init__(self, what: str, hint: str) -> None:
        self.hint = hint
        super().__init__(f"{what} {hint}")


class AuditEntryError(AuditError, ValueError):
    """An entry holds what a log may not hold; ``problems`` lists everything wrong, by key and never by value."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        title = "This cannot be logged, so nothing may be disclosed:"
        RiskshareError.__init__(self, "\n".join([title, *(f"  - {problem}" for problem in self.problems)]))


class AuditTimeError(AuditError, ValueError):
    """An entry is dated before what the log already holds, so that the log would tell another order than what happened.

    Attributes
    ----------
    reached : str
        The moment that the log has reached, in UTC.
    """

    def __init__(self, reached: str) -> None:
        self.reached = reached
        what = f"This is dated before what the audit log holds already: that reaches to {reached}."
        super().__init__(
            what,
            "Give the moment at which it happens. If that was given, a moment in the log was typed wrongly: "
            "`riskshare audit verify` counts those, and a new log must be begun.",
        )


class AuditWriteError(AuditError):
    """An entry did not reach the disk."""


class AuditKeyError(AuditError):
    """The keys of a log are missing, unusable, or readable by others."""


class AuditTrailError(AuditError):
    """The log is not what its head, or a head known elsewhere, says it is."""


class UnknownSubjectError(RiskshareError, KeyError):
    """A result was asked for a subject that this assessment does not hold."""

    def __init__(self) -> None:
        super().__init__(
            "No result for that subject in this assessment. Check the pseudonym and the as_of date; its rows may also "
            "be withdrawn, past their retention, about places alone, or set aside when read."
        )

    def __str__(self) -> str:
        """Return the sentence itself; KeyError would quote it."""
        return str(self.args[0])


class EngineError(RiskshareError):
    """A run over evidence larger than memory stopped. ``hint`` says what to do next."""

    def __init__(self, what: str, hint: str) -> None:
        self.hint = hint
        super().__init__(f"{what} {hint}")


class DiskFullError(EngineError, OSError):
    """There is no room for what a run writes; every part that was finished stands and is whole."""


class MemoryLimitError(EngineError, ValueError):
    """The memory that a run may use is no amount, or too little for the work."""


class ResumeError(EngineError, ValueError):
    """A run cannot be continued, or begun, over what stands in its folder."""


class MissingExtraError(RiskshareError, ImportError):
    """An optional dependency is needed for what was asked."""

    def __init__(self, extra: str, what: str) -> None:
        super().__init__(f"{what} needs the {extra!r} extra. Install it with: pip install 'riskshare[{extra}]'")
