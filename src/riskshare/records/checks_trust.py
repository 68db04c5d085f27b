"""What the trust policy must satisfy across its entries, and against the agencies it speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

from riskshare.errors import Problem
from riskshare.records.checks_draft import Draft, Entry, repeated
from riskshare.records.policy import ExpectedAnswer, Grade, Indicator, SourceType, TrustPolicy

MOST_NATS: Final = 1000.0
"""Published totals are kept in 64-bit units of 2⁻⁴⁰ nat; e^1000 to one is certainty many times over."""
MOST_DAYS: Final = 100_000
"""Some 270 years: longer than any life, and well inside every date type."""
_CELLS: Final = tuple("".join(cell) for cell in product("123", "ABCD"))


def check_trust(draft: Draft) -> Iterator[Problem]:
    """Yield everything wrong across the trust policy; parts that could not be read are passed over."""
    if draft.trust is None:
        return
    yield from _check_grades(draft, draft.trust)
    yield from _check_families(draft)
    for indicator in draft.indicators.entries:
        yield from _check_indicator(draft, indicator)
        yield from _check_special(indicator)
    for answer in draft.expected_answers.entries:
        yield from _check_expected(draft, answer)
    yield from _check_agency_numbers(draft, draft.trust)
    yield from _check_anchors(draft.trust)
    yield from _check_gateways(draft, draft.trust)
    yield from _check_sizes(draft, draft.trust)


def _check_grades(draft: Draft, trust: Entry[TrustPolicy]) -> Iterator[Problem]:
    missing = [cell for cell in _CELLS if draft.grades.lacks(cell)]
    if missing:
        yield trust.problem(
            "grades",
            f"The grading matrix lacks {', '.join(missing)}.",
            "Agree a trust for every cell, sources 1 to 3 by assessments A to D.",
        )
    if not trust.has("tau_max"):
        return
    cells: tuple[Entry[Grade] | Entry[SourceType], ...] = (*draft.grades.entries, *draft.source_types.entries)
    for cell in cells:
        if cell.has("trust") and cell.record.trust > trust.record.tau_max:
            yield cell.problem("trust", "The trust is above tau_max.", "Lower it, or agree a higher tau_max (below 1).")


def _check_families(draft: Draft) -> Iterator[Problem]:
    for family in draft.families.entries:
        if not family.has("id"):
            continue
        directions: dict[str, list[str]] = {"raising": [], "protective": []}
        for i in draft.indicators.entries:
            if i.has("id", "family", "direction") and i.record.family == family.record.id:
                directions[i.record.direction].append(i.record.id)
        if all(directions.values()):
            yield family.problem(
                "",
                f"Family '{family.record.id}' mixes raising ({', '.join(directions['raising'])}) "
                f"and protective ({', '.join(directions['protective'])}) indicators.",
                "Split it into a raising family and a protective one.",
            )


def _check_indicator(draft: Draft, entry: Entry[Indicator]) -> Iterator[Problem]:
    one = entry.record
    if entry.has("family") and draft.families.lacks(one.family):
        yield entry.problem(
            "family", f"There is no family '{one.family}'.", "Name an agreed family, or add it under [[families]]."
        )
    if entry.has("lens") and (not one.lens or repeated(one.lens)):
        yield entry.problem("lens", "Each lens is named once, and at least one is.", "Write harm_to, harm_by or both.")
    weights = ("ceiling", "log_likelihood_ratio")
    if entry.has(*weights) and one.ceiling is not None and one.ceiling < one.log_likelihood_ratio:
        yield entry.problem(
            "ceiling",
            "The ceiling is below the log likelihood ratio, so one claim could never reach its agreed weight.",
            "Raise the ceiling to at least log_likelihood_ratio, or leave it out (twice that).",
        )
    if entry.has("proxy_for", "justification") and one.proxy_for and not one.justification.strip():
        yield entry.problem(
            "justification",
            "An indicator that may stand in for a protected characteristic needs its reason.",
            "Write why it is used all the same, or stop using it.",
        )


def _check_special(entry: Entry[Indicator]) -> Iterator[Problem]:
    one = entry.record
    immediate = entry.has("immediate") and one.immediate
    staff = entry.has("staff_safety") and one.staff_safety
    if (immediate or staff) and entry.has("horizon_days") and one.horizon_days is None:
        which = "An immediate" if immediate else "A staff-safety"
        yield entry.problem(
            "horizon_days", f"{which} indicator needs a horizon.", "Add horizon_days: how long it holds."
        )
    if immediate and entry.has("duty") and not one.duty.strip():
        yield entry.problem(
            "duty", "An immediate indicator says what must be done.", "Add the duty, and whom to call, in a sentence."
        )
    if immediate and entry.has("direction") and one.direction == "protective":
        yield entry.problem(
            "immediate", "A protective indicator cannot call for action.", "Set immediate = false, or make it raising."
        )
    exploitation = entry.has("exploitation") and one.exploitation
    if exploitation and entry.has("lens") and "harm_to" not in one.lens:
        yield entry.problem(
            "lens", "Exploitation is victimhood: it must count in harm_to.", 'Add "harm_to" to the lens list.'
        )


def _check_expected(draft: Draft, entry: Entry[ExpectedAnswer]) -> Iterator[Problem]:
    one = entry.record
    if entry.has("agency", "sector") and (one.agency is None) == (one.sector is None):
        yield entry.problem(
            "agency", "Exactly one of agency and sector answers.", "Name the agency, or a sector if any of it will do."
        )
    if entry.has("agency") and one.agency is not None and draft.agencies.lacks(one.agency):
        yield entry.problem("agency", f"There is no agency '{one.agency}'.", "Name an agency of partnership.toml.")
    if entry.has("sector") and one.sector is not None and _no_such_sector(draft, one.sector):
        yield entry.problem(
            "sector", f"No agency is of sector '{one.sector}'.", "Name the sector of an agency of partnership.toml."
        )
    if not entry.has("indicator"):
        return
    if draft.indicators.lacks(one.indicator):
        yield entry.problem("indicator", f"There is no indicator '{one.indicator}'.", "Name an agreed indicator.")
    for asked in draft.indicators.entries:
        same = asked.has("id", "lens") and asked.record.id == one.indicator
        if same and entry.has("lens") and one.lens not in asked.record.lens:
            yield entry.problem(
                "lens",
                f"Indicator '{one.indicator}' does not count in {one.lens}.",
                "Ask in a lens in which the indicator counts, or add the lens to the indicator.",
            )


def _no_such_sector(draft: Draft, sector: str) -> bool:
    readable = draft.agencies.whole and all(agency.has("sector") for agency in draft.agencies.entries)
    return readable and all(agency.record.sector != sector for agency in draft.agencies.entries)


def _check_agency_numbers(draft: Draft, trust: Entry[TrustPolicy]) -> Iterator[Problem]:
    if trust.has("correlation"):
        for agency in trust.record.correlation.within_agency:
            if draft.agencies.lacks(agency):
                yield trust.problem(
                    f"correlation.within_agency.{agency}",
                    f"There is no agency '{agency}'.",
                    "Name an agency of partnership.toml, or remove the line: `other` serves the rest.",
                )
    if trust.has("caps"):
        for sector in trust.record.caps.sectors:
            if _no_such_sector(draft, sector):
                yield trust.problem(
                    f"caps.sectors.{sector}",
                    f"No agency is of sector '{sector}'.",
                    "Cap a sector that an agency of partnership.toml has, or remove the line.",
                )


def _check_anchors(trust: Entry[TrustPolicy]) -> Iterator[Problem]:
    if not trust.has("anchors"):
        return
    first, second = trust.record.anchors
    for name, lower, upper in (
        ("log_odds", first.log_odds, second.log_odds),
        ("points", first.points, second.points),
    ):
        if lower >= upper:
            yield trust.problem(
                f"anchors[1].{name}",
                f"The second anchor must have more {name} than the first.",
                "Give two different anchors, the lower one first.",
            )


def _check_gateways(draft: Draft, trust: Entry[TrustPolicy]) -> Iterator[Problem]:
    if not trust.has("needs_gateway") or not draft.gateways.whole:
        return
    if not all(gateway.has("bars") for gateway in draft.gateways.entries):
        return
    for i, data_class in enumerate(trust.record.needs_gateway):
        if all(data_class in gateway.record.bars for gateway in draft.gateways.entries):
            yield trust.problem(
                f"needs_gateway[{i}]",
                f"No agreed gateway carries {data_class} data, so none of it could ever count.",
                "Add a gateway that does not bar it, or take the class off this list.",
            )


def _check_sizes(draft: Draft, trust: Entry[TrustPolicy]) -> Iterator[Problem]:
    for entry, path, value, most in _magnitudes(draft, trust):
        if value is not None and abs(value) > most:
            unit = "nats" if most == MOST_NATS else "days"
            yield entry.problem(path, f"It is beyond {most:,.0f} {unit}.", "Check the unit and the decimal point.")


def _magnitudes(
    draft: Draft, trust: Entry[TrustPolicy]
) -> Iterator[tuple[Entry[Indicator] | Entry[ExpectedAnswer] | Entry[TrustPolicy], str, float | None, float]]:
    for indicator in draft.indicators.entries:
        for name in ("log_likelihood_ratio", "sd", "ceiling"):
            if indicator.has(name):
                yield indicator, name, getattr(indicator.record, name), MOST_NATS
        for name in ("retention_days", "horizon_days"):
            if indicator.has(name):
                yield indicator, name, getattr(indicator.record, name), MOST_DAYS
    for answer in draft.expected_answers.entries:
        for name in ("raises", "lowers"):
            if answer.has(name):
                yield answer, name, getattr(answer.record, name), MOST_NATS
    if trust.has("twin_days"):
        yield trust, "twin_days", trust.record.twin_days, MOST_DAYS
    if trust.has("base_rate"):
        for name in ("harm_by", "harm_to", "sd"):
            yield trust, f"base_rate.{name}", getattr(trust.record.base_rate, name), MOST_NATS
    if trust.has("anchors"):
        for i, anchor in enumerate(trust.record.anchors):
            yield trust, f"anchors[{i}].log_odds", anchor.log_odds, MOST_NATS
