"""A threshold comparison as frozen tables: square or by gap, to JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import pandas as pd
from pydantic import ValidationError

from riskshare.errors import ArgumentError
from riskshare.records.arguments import is_flag, require
from riskshare.records.comparison import COMPARISON_SCHEMA, PERSONAL, TABLES, ComparisonResult, lines_of, table_of
from riskshare.records.links import Link
from riskshare.records.partnership import Partnership

Party = tuple[str, str]
"""An agency's id and the id of one of its scales."""


@dataclass(frozen=True, repr=False, eq=False)
class ComparisonTables:
    """Where every agency's bar falls on every other's scale, what that costs, and everything native beside it.

    Attributes
    ----------
    partnership : Partnership
    matrix : pandas.DataFrame
        One line a directed pair: the agency's own high cut on the target's scale (``records.comparison.CutLine``).
    cuts : pandas.DataFrame
        The same for every cut that is pinned to a common edge.
    disagreement, volumes, invariance, refused : pandas.DataFrame
        ``DisagreementLine``, ``VolumeLine``, ``InvarianceLine``, ``RefusedLine``. A pair that is refused is in no
        other table; the reason says what to do.
    readings, spread : pandas.DataFrame
        One line a person and agency (``ReadingLine``), and a person (``SpreadLine``): never an average.
    parties : tuple of (agency id, scale id)
        Who scored on which scale.
    reference : (agency id, scale id) or None
        The scale that ``linked`` readings and the ladder's second panel are on: the one most others are linked to.
    period : (str, str) or None
        First and last day scored.
    n_cases, replicates, seed : int
    engine_version : str
    links : mapping
        The links themselves by (source, target); each has its own written form.
    """

    partnership: Partnership
    matrix: pd.DataFrame
    cuts: pd.DataFrame
    disagreement: pd.DataFrame
    volumes: pd.DataFrame
    invariance: pd.DataFrame
    refused: pd.DataFrame
    readings: pd.DataFrame
    spread: pd.DataFrame
    parties: tuple[Party, ...]
    reference: Party | None
    period: tuple[str, str] | None
    n_cases: int
    replicates: int
    seed: int
    engine_version: str
    links: Mapping[tuple[Party, Party], Link] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Return sizes only; never a value."""
        sizes = f"{self.n_cases:,} cases, {len(self.parties)} scales, {len(self.matrix)} directed pairs"
        return f"ThresholdComparison({sizes}, {len(self.refused)} refused)"

    @property
    def partnership_version(self) -> str:
        """The version of the agreement it was made under."""
        return self.partnership.version

    def wide(self, column: str = "estimate") -> pd.DataFrame:
        """Return the matrix as a square table: whose high, down; on whose scale, across; missing without a link.

        Parameters
        ----------
        column : str
            A numeric column of ``matrix``.

        Raises
        ------
        ArgumentError
            It is not one.
        """
        numeric = [str(name) for name in self.matrix.columns if self.matrix[name].dtype == "float64"]
        require(
            "wide", {f"column must be one of: {', '.join(numeric)}.": isinstance(column, str) and column in numeric}
        )
        names = [self._name(party) for party in self.parties]
        square = pd.DataFrame(float("nan"), index=names, columns=names)
        for row in self.matrix.to_dict("records"):
            source, target = (row["agency"], row["scale"]), (row["target_agency"], row["target_scale"])
            square.loc[self._name(source), self._name(target)] = row[column]
        return square

    def _name(self, party: Party) -> str:
        """Return the agency's id, with the scale where it scores on several."""
        alone = sum(agency == party[0] for agency, _ in self.parties) == 1
        return party[0] if alone else f"{party[0]} ({party[1]})"

    def gaps(self) -> pd.DataFrame:
        """Return the disagreement table, the pair with the widest gap between bars first.

        Pairs whose interval leaves out 0 come before those whose bars cannot be told apart, and pairs of which one
        side referred most of the cases come last: there a gap may be no more than who was referred.
        """
        table = self.disagreement
        untold = table["calls_more_high"] == "cannot tell"
        ordered = table.assign(_untold=untold, _size=-table["signed"].abs()).sort_values(
            ["one_sided_referral", "_untold", "_size", "agency", "other_agency", "scale", "other_scale"],
            ignore_index=True,
        )
        return ordered[list(table.columns)]

    def to_dict(self, *, people: bool = False) -> dict[str, Any]:
        """Return it JSON-ready, under the schema ``threshold_comparison`` of ``riskshare schema``.

        Parameters
        ----------
        people : bool
            Write ``readings`` and ``spread`` too, which have a line a person. Left out unless asked for.

        Raises
        ------
        ArgumentError
            ``people`` is not True or False.
        """
        require("to_dict", {"people must be True or False.": is_flag(people)})
        first, last = self.period or (None, None)
        agency, scale = self.reference or (None, None)
        hidden = () if people else PERSONAL
        return {
            "schema_version": COMPARISON_SCHEMA,
            "engine_version": self.engine_version,
            "partnership": self.partnership.name,
            "partnership_version": self.partnership_version,
            "example": self.partnership.is_example,
            "internal": True,
            "replicates": self.replicates,
            "seed": self.seed,
            "period_from": first,
            "period_to": last,
            "n_cases": self.n_cases,
            "reference_agency": agency,
            "reference_scale": scale,
            "parties": [list(party) for party in self.parties],
            **{name: [] if name in hidden else lines_of(getattr(self, name)) for name in TABLES},
        }

    @classmethod
    def from_dict(cls, body: Mapping[str, Any], partnership: Partnership) -> Self:
        """Return the comparison that ``to_dict`` wrote, without the links themselves.

        Parameters
        ----------
        body : mapping
        partnership : Partnership
            The same agreement.

        Raises
        ------
        ArgumentError
            It is not of this schema, or was made under another agreement.
        """
        try:
            made = ComparisonResult.model_validate(body)
        except ValidationError:
            problem = f"body must be what to_dict wrote, under {COMPARISON_SCHEMA}; compare again."
            raise _refused(problem) from None
        if not isinstance(partnership, Partnership) or made.partnership_version != partnership.version:
            problem = "partnership must be the one it was made under; partnership_version in the body says which."
            raise _refused(problem)
        agency, scale, first, last = made.reference_agency, made.reference_scale, made.period_from, made.period_to
        tables: dict[str, Any] = {name: table_of(body[name], model) for name, model in TABLES.items()}
        return cls(
            partnership=partnership,
            **tables,
            parties=tuple((one[0], one[1]) for one in made.parties),
            reference=None if agency is None or scale is None else (agency, scale),
            period=None if first is None or last is None else (first, last),
            n_cases=made.n_cases,
            replicates=made.replicates,
            seed=made.seed,
            engine_version=made.engine_version,
        )


def _refused(problem: str) -> ArgumentError:
    return ArgumentError("from_dict", [problem])
