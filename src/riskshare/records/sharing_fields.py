"""What may be asked for, in closed lists: fields by kind, categories, roles, audiences; and what no agreement can lift.

Whatever stands in none of these lists is unknown, and what is unknown is refused (methods: safety, 1.2 step 1).
"""

from __future__ import annotations

from typing import Final, Literal, get_args

Treatment = Literal["drop", "redact", "band", "show"]
"""From closed to open. ``redact``: that there is something. ``band``: coarser, such as a month for a day."""
TREATMENTS: Final[tuple[Treatment, ...]] = get_args(Treatment)

PlaceLevel = Literal["none", "msoa", "lsoa", "point8", "exact"]
PLACE_LEVELS: Final[tuple[PlaceLevel, ...]] = get_args(PlaceLevel)

Audience = Literal["public", "partnership", "practitioner"]
AUDIENCES: Final[tuple[Audience, ...]] = get_args(Audience)

SubjectRole = Literal[
    "person_of_concern", "exploited", "victim", "witness", "child_of", "third_party", "source", "place"
]
"""What the person whose data is asked for is in it. ``place``: the data is about a place, or counts nobody by name."""
SUBJECT_ROLES: Final[tuple[SubjectRole, ...]] = get_args(SubjectRole)
PROTECTED_ROLES: Final = frozenset({"victim", "exploited", "witness", "child_of"})
"""Whose place and contact the floor guards. Whoever is exploited is a victim; a child lives where its parent does."""

Category = Literal[
    "patient", "health_or_social_care", "criminal", "other", "intelligence", "scores", "alerts", "places", "statistics"
]
"""Kinds of data: the four classes of evidence (``data_class``), intelligence reports, what is worked out of them."""
CATEGORIES: Final[tuple[Category, ...]] = get_args(Category)

Kind = Literal[
    "method", "count", "area", "spoc", "pseudonym", "name", "contact", "place", "address", "score", "band", "reason",
    "date", "text", "holder", "source", "raw_text",
]  # fmt: skip

_BY_KIND: Final[dict[Kind, tuple[str, ...]]] = {
    "method": ("lens", "as_of", "partnership_version", "engine_version", "completeness", "notes", "coverage", "line"),
    "count": (
        "count", "expected", "gi_z", "p", "q", "hot", "hot_after_adjustment", "looked", "n_events", "n_cells", "n",
        "rate", "value", "observed", "ratio", "population", "stability", "crosses_boundary", "only_visible_together",
        "authority_share", "share", "median_days",
    ),
    "area": (
        "area", "areas", "authority", "authorities", "lead_authority", "found_alone_by", "cluster_id", "month",
        "quarter", "kind", "group", "characteristic", "measure",
    ),
    "spoc": ("spoc", "duty"),
    "pseudonym": ("subject_id", "household_id"),
    "name": ("name", "date_of_birth", "nhs_number", "upn", "identity"),
    "contact": ("phone", "email", "safe_contact"),
    "place": ("easting", "northing", "longitude", "latitude", "geometry", "precision_m", "cell_id", "placed_in"),
    "address": ("address", "postcode", "building_id"),
    "score": (
        "score", "lower", "upper", "factual_score", "score_uncapped", "log_odds", "nats", "points", "left_out",
        "left_out_uncut", "native_value", "common_position", "severity", "trust", "freshness", "police_share",
        "effective_agencies",
    ),
    "band": ("band", "band_low", "band_high", "native_band", "meets_bar", "act_now", "staff_safety"),
    "reason": (
        "indicator", "basis", "stance", "arises_from", "role", "source_grade", "info_grade", "source_type", "scale",
        "route", "status", "answer", "claim", "flags", "n_records", "n_origins", "n_agencies", "age_band",
        "responsible_authority", "scale_valid", "handling", "gateway", "data_class",
    ),
    "date": ("event_date", "event_end", "recorded_date", "protected_from", "protected_until"),
    "text": ("summary", "action_plan"),
    "holder": (
        "agency", "leading_agency", "agency_of_origin", "bars_met", "most_useful_gap", "recorded_by", "record_id",
        "claim_id", "derived_from",
    ),
    "source": ("source_name", "source_contact", "informant", "referrer"),
    "raw_text": ("intelligence_text", "raw_text"),
}  # fmt: skip

FIELDS: Final[dict[str, Kind]] = {field: kind for kind, names in _BY_KIND.items() for field in names}
"""Every field that may be asked for, and its kind."""

NEVER: Final[frozenset[Kind]] = frozenset({"source", "raw_text"})
"""Kinds that leave for nobody: a source's identity, and intelligence before it is sanitised."""
LOCATING: Final[frozenset[Kind]] = frozenset({"place", "address", "contact"})
"""Kinds by which a person can be found."""
EMERGENCY_FIELDS: Final = ("act_now", "band", "identity", "spoc")
"""The fixed emergency view: identity, band, immediate risks, and whom to call."""

_OPEN: Final[frozenset[Kind]] = frozenset({"method", "count", "area", "spoc", "place"})
_COARSE: Final[dict[Kind, Treatment]] = {
    "name": "drop", "contact": "drop", "address": "drop", "score": "band", "date": "band", "text": "redact",
}  # fmt: skip
_KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

KIND_CAPS: Final[dict[Audience, dict[Kind, Treatment]]] = {
    "public": {kind: "show" if kind in _OPEN else "drop" for kind in _KINDS},
    "partnership": {kind: _COARSE.get(kind, "show") for kind in _KINDS},
    "practitioner": dict.fromkeys(_KINDS, "show"),
}
"""The most open treatment an audience may have of a kind (methods: safety, 3.2): no person in public, a band and no
score among partners, everything permitted for a named practitioner with a live relationship."""
PLACE_CAPS: Final[dict[Audience, PlaceLevel]] = {"public": "msoa", "partnership": "point8", "practitioner": "exact"}
"""The most exact place an audience may have."""
