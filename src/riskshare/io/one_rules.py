"""What one subject's rows are compared with on the quick way; made once a partnership."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from riskshare.io.evidence_dates import is_whole, parse
from riskshare.io.evidence_rules import CARE_SECTORS
from riskshare.io.one_readings import Placed
from riskshare.records.evidence import (
    ANSWERS,
    ARISES_FROM,
    BASES,
    DATA_CLASSES,
    INFO_GRADES,
    ROLES,
    SOURCE_GRADES,
    STANCES,
    STATUSES,
)
from riskshare.records.partnership import Agency, Partnership
from riskshare.records.policy import Gateway
from riskshare.scoring.one.agreed import Agreed, Cell

EPOCH: Final = dt.date(1970, 1, 1).toordinal()
_PLAIN_FORMAT: Final = re.compile(r"%[dmY][-/. ]?%[dmY][-/. ]?%[dmY]")
_DIGITS: Final = {"d": "(?P<d>[0-9]{2})", "m": "(?P<m>[0-9]{2})", "Y": "(?P<Y>[0-9]{4})"}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rules:
    """What the quick way compares with. ``codes`` are the texts agreed for columns in which any other is a fault.

    ``barred`` says by gateway which classes of data it bars, ``barred_unsaid`` which agencies' rows it bars where the
    class is not said.
    """

    agreed: Agreed
    codes: tuple[tuple[str, frozenset[str]], ...]
    authorities: frozenset[str]
    days: dict[str, tuple[Callable[[str], int | None], ...]]
    graded: dict[tuple[str, str], Cell]
    typed: dict[str, Cell]
    barred: dict[str, frozenset[str]]
    barred_unsaid: dict[str, frozenset[str]]
    conditions: frozenset[str]
    readings: Placed


def rules_of(partnership: Partnership, agreed: Agreed) -> Rules:
    """Return the rules of a partnership."""
    trust = partnership.trust
    codes = {
        "role": frozenset(ROLES),
        "agency": frozenset(agreed.agencies),
        "indicator": frozenset(agreed.kinds),
        "basis": frozenset(BASES),
        "arises_from": frozenset(ARISES_FROM),
        "source_grade": frozenset(SOURCE_GRADES),
        "info_grade": frozenset(INFO_GRADES),
        "source_type": frozenset(kind.id for kind in trust.source_types),
        "scale": frozenset(scale.id for scale in partnership.scales),
        "stance": frozenset(STANCES),
        "status": frozenset(STATUSES),
        "answer": frozenset(ANSWERS),
        "gateway": frozenset(gateway.id for gateway in trust.gateways),
        "data_class": frozenset(DATA_CLASSES),
    }
    graded: dict[tuple[str, str], Cell] = {
        (grade.source, grade.assessment): agreed.cells[grade.id] for grade in trust.grades
    }
    return Rules(
        agreed=agreed,
        codes=tuple(codes.items()),
        authorities=frozenset(code for agency in partnership.agencies for code in agency.authorities),
        days={agency.id: _day_readers(agency) for agency in partnership.agencies},
        graded=graded,
        typed={kind.id: agreed.cells[kind.id] for kind in trust.source_types},
        barred={gateway.id: frozenset(gateway.bars) for gateway in trust.gateways if gateway.bars},
        barred_unsaid={gateway.id: _unsaid(gateway, partnership) for gateway in trust.gateways if gateway.bars},
        conditions=frozenset(condition.id for condition in trust.handling_conditions),
        readings=Placed(partnership),
    )


def _unsaid(gateway: Gateway, partnership: Partnership) -> frozenset[str]:
    """Return the agencies whose rows a gateway bars where they do not say the class of data."""
    if "health_or_social_care" in gateway.bars:
        return frozenset(agency.id for agency in partnership.agencies if agency.sector in CARE_SECTORS)
    return frozenset(agency.id for agency in partnership.agencies) if "other" in gateway.bars else frozenset()


def _day_readers(agency: Agency) -> tuple[Callable[[str], int | None], ...]:
    return tuple(_day_reader(date_format) for date_format in agency.date_formats if is_whole(date_format))


def _day_reader(date_format: str) -> Callable[[str], int | None]:
    """Return what ``evidence_dates.parse`` does for a format; one of digits alone is read without ``strptime``."""
    parts = re.findall("%(.)", date_format)
    if date_format == "%Y-%m-%d" or sorted(parts) != ["Y", "d", "m"] or not _PLAIN_FORMAT.fullmatch(date_format):
        return lambda text: parse(text, date_format)
    pattern = re.compile(re.sub("%(.)", lambda part: _DIGITS[part[1]], date_format.replace(".", r"\.")))

    def read(text: str) -> int | None:
        found = pattern.fullmatch(text)
        if found is None:
            return None
        try:
            return dt.date(int(found["Y"]), int(found["m"]), int(found["d"])).toordinal() - EPOCH
        except ValueError:
            return None

    return read
