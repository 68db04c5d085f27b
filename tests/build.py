"""Small partnerships for tests, built straight from records; and partnerships from the worked cases' policy form."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from riskshare.records.partnership import Agency, Partnership, Signature
from riskshare.records.policy import (
    Anchor,
    BaseRate,
    Caps,
    Correlation,
    ExpectedAnswer,
    Family,
    FlagLimits,
    Gateway,
    Grade,
    HandlingCondition,
    Indicator,
    SourceType,
    TrustPolicy,
)
from riskshare.records.scale import Band, CommonScale, Route, Scale

SECTORS = {
    "police": "police",
    "council": "social_care",
    "school": "education",
    "health": "health",
    "charity": "voluntary",
}


def agency(agency_id: str, **changes: Any) -> Agency:
    fields: dict[str, Any] = {
        "id": agency_id,
        "name": agency_id.title(),
        "sector": SECTORS.get(agency_id, "other"),
        "authorities": ("northby",),
        "contact": f"{agency_id} duty desk, 01632 960000",
    }
    return Agency(**{**fields, **changes})


def indicator(indicator_id: str, **changes: Any) -> Indicator:
    fields: dict[str, Any] = {
        "id": indicator_id,
        "name": indicator_id.replace("_", " "),
        "definition": "An agreed definition.",
        "lens": ("harm_by", "harm_to"),
        "log_likelihood_ratio": 2.0,
        "sd": 0.3,
        "half_life_days": 180.0,
        "retention_days": 2000,
        "family": "violence",
    }
    return Indicator(**{**fields, **changes})


def scale(scale_id: str = "demo.count", **changes: Any) -> Scale:
    fields: dict[str, Any] = {
        "id": scale_id,
        "name": "A count of yes answers",
        "owner": "demo",
        "kind": "count",
        "lo": 0.0,
        "hi": 24.0,
        "step": 1.0,
        "direction": "risk",
        "bands": (
            Band(name="standard", starts=0.0),
            Band(name="medium", starts=7.0, pins="medium"),
            Band(name="high", starts=14.0, pins="high"),
        ),
        "routes": (Route(id="judgement", description="Professional judgement may raise.", raises_to="high"),),
        "not_scored": ("cannot be judged",),
        "source": "Demo guide",
        "year": "2020",
        "mark": "local",
    }
    return Scale(**{**fields, **changes})


def trust_policy(**changes: Any) -> TrustPolicy:
    fields: dict[str, Any] = {
        "title": "Test policy",
        "agreed": "proposal",
        "purpose": "testing",
        "tau_max": 0.99,
        "relay_fidelity": 0.95,
        "twin_days": 3,
        "z": 1.96,
        "completeness_for_low": 0.5,
        "grades": tuple(
            Grade(source=s, assessment=a, trust=t, strength=20.0, first_hand=a == "A")
            for (s, a), t in {
                ("1", "A"): 0.9,
                ("1", "B"): 0.8,
                ("1", "C"): 0.6,
                ("1", "D"): 0.4,
                ("2", "A"): 0.65,
                ("2", "B"): 0.6,
                ("2", "C"): 0.4,
                ("2", "D"): 0.25,
                ("3", "A"): 0.3,
                ("3", "B"): 0.35,
                ("3", "C"): 0.15,
                ("3", "D"): 0.1,
            }.items()
        ),
        "source_types": (
            SourceType(id="record", name="A record", trust=0.95, strength=60.0, first_hand=True),
            SourceType(id="worry", name="A worry", trust=0.35, strength=20.0, first_hand=True),
            SourceType(
                id="self_report", name="Own words", trust=0.75, strength=20.0, first_hand=True, self_report=True
            ),
        ),
        "indicators": (
            indicator("blade_injury", immediate=True, horizon_days=30, duty="Call the duty desk."),
            indicator("weapon_carrying", log_likelihood_ratio=1.6),
            indicator("gang_link", log_likelihood_ratio=1.1, family="association", half_life_days=365.0),
            indicator("trusted_adult", direction="protective", log_likelihood_ratio=0.7, family="support"),
            indicator("criminal_exploitation", lens=("harm_to",), exploitation=True, family="exploitation"),
            indicator("threat_to_staff", family="staff", staff_safety=True, horizon_days=90),
        ),
        "families": (
            Family(id="violence", name="Violence", p=2.0),
            Family(id="association", name="Association", p=1.0),
            Family(id="support", name="Support", p=1.0),
            Family(id="exploitation", name="Exploitation", p=1.0),
            Family(id="staff", name="Staff", p=1.0),
        ),
        "correlation": Correlation(within_agency={"police": 0.5}, other=0.5, unstated=0.9),
        "caps": Caps(anecdotal=1.0986122886681098, sectors={"police": 2.0794415416798357}),
        "base_rate": BaseRate(harm_by=-2.9444389791664403, harm_to=-2.9444389791664403, sd=0.2),
        "anchors": (Anchor(log_odds=-2.9444389791664403, points=20.0), Anchor(log_odds=0.0, points=80.0)),
        "expected_answers": (
            ExpectedAnswer(
                id="school_weapons",
                question="Any weapon seen?",
                lens="harm_by",
                indicator="weapon_carrying",
                agency="school",
                prior=0.2,
                raises=1.1,
                lowers=0.18,
                half_life_days=90.0,
            ),
        ),
        "flags": FlagLimits(police_led=0.5, anecdote_led=0.5, stale_freshness=0.25),
        "gateways": (
            Gateway(
                id="serious_violence_duty",
                name="Serious Violence Duty",
                source="PCSC Act 2022 s.16",
                bars=("patient", "health_or_social_care"),
            ),
            Gateway(id="cda_s115", name="Crime and Disorder Act 1998 s.115", source="CDA 1998 s.115"),
        ),
        "needs_gateway": ("patient", "health_or_social_care"),
        "handling_conditions": (HandlingCondition(id="no_onward", definition="Not to be passed on."),),
    }
    return TrustPolicy(**{**fields, **changes})


def partnership(
    *,
    agencies: tuple[Agency, ...] | None = None,
    scales: tuple[Scale, ...] | None = None,
    trust: TrustPolicy | None = None,
    signed: bool = True,
) -> Partnership:
    """Return a small signed partnership: five agencies, one scale, six indicators."""
    members = agencies if agencies is not None else tuple(agency(a) for a in SECTORS)
    agreed = Partnership(
        name="Testshire",
        purpose="testing",
        agencies=members,
        common_scale=CommonScale(),
        scales=scales if scales is not None else (scale(),),
        trust=trust if trust is not None else trust_policy(),
        signatures=(),
        is_example=True,
    )
    return sign_all(agreed) if signed else agreed


def sign_all(agreed: Partnership) -> Partnership:
    """Return the partnership with every agency's signature on what it holds."""
    day, content = dt.date(2026, 1, 1), agreed.policy_hash
    signed = [Signature(agency=a.id, policy_hash=content, signed_on=day, role="board member") for a in agreed.agencies]
    return dataclasses.replace(agreed, signatures=tuple(signed))


def row(**changes: Any) -> dict[str, Any]:
    """Return one good evidence row as an agency would send it; change what the test is about."""
    fields: dict[str, Any] = {
        "record_id": "r1",
        "subject_id": "S1",
        "role": "person_of_concern",
        "agency": "school",
        "indicator": "weapon_carrying",
        "basis": "factual",
        "arises_from": "reported",
        "source_type": "record",
        "event_date": "2026-03-01",
        "recorded_date": "2026-03-02",
    }
    return {**fields, **changes}


def partnership_from_case(policy: dict[str, Any]) -> Partnership:
    """Return the partnership that a worked case's policy describes (tests/oracles/data/model_examples.json)."""
    graded = {name: cell for name, cell in policy["cells"].items() if name[0] in "123" and name[1:] in tuple("ABCD")}
    names = sorted({*policy["rho"], "hospital", "coroner", "school", "council", "charity", "health", "police"})
    members = tuple(agency(a, sector=policy["sectors"].get(a, "other")) for a in names)
    trust = trust_policy(
        tau_max=policy["tau_max"],
        relay_fidelity=policy["phi"],
        twin_days=policy["twin_days"],
        z=policy["z"],
        completeness_for_low=policy["completeness_for_low"],
        grades=tuple(
            Grade(source=n[0], assessment=n[1], trust=c["T"], strength=float(c["kappa"]), first_hand=c["first_hand"])
            for n, c in graded.items()
        ),
        source_types=tuple(
            SourceType(
                id=n,
                name=n,
                trust=c["T"],
                strength=float(c["kappa"]),
                first_hand=c["first_hand"],
                self_report=c.get("self_report", False),
            )
            for n, c in policy["cells"].items()
            if n not in graded
        ),
        indicators=tuple(
            indicator(
                n,
                direction="raising" if k["sign"] > 0 else "protective",
                log_likelihood_ratio=k["w"],
                sd=k["w_sd"],
                half_life_days=float(k["half_life_days"]),
                retention_days=k["retention_days"],
                family=k["family"],
                repeat_p=float(k["p_k"]),
                ceiling=k["C_k"],
                immediate=k["immediate"],
                horizon_days=k["horizon_days"],
                duty="Act." if k["immediate"] else "",
            )
            for n, k in policy["indicators"].items()
        ),
        families=tuple(Family(id=n, name=n, p=float(p)) for n, p in policy["families"].items()),
        correlation=Correlation(within_agency=policy["rho"], other=policy["rho_other"], unstated=policy["rho_x"]),
        caps=Caps(
            anecdotal=policy["caps"].get("anecdotal"),
            sectors={n: c for n, c in policy["caps"].items() if n != "anecdotal"},
        ),
        base_rate=BaseRate(
            harm_by=policy["base_rate"].get("harm_by", -3.0),
            harm_to=policy["base_rate"].get("harm_to", -3.0),
            sd=policy["base_rate_sd"],
        ),
        anchors=tuple(Anchor(log_odds=x, points=y) for x, y in policy["anchors"]),
        expected_answers=tuple(
            ExpectedAnswer(
                id=f"q{i}",
                question=m["id"],
                lens=m["lens"],
                indicator=m["indicator"],
                agency=m["agency"],
                prior=m["pi"],
                raises=m["raise"],
                lowers=m["lower"],
                half_life_days=float(m["half_life_days"]),
            )
            for i, m in enumerate(policy["expected"])
        ),
    )
    return partnership(agencies=members, trust=trust)
