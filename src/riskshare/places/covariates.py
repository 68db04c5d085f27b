"""What a place's circumstances, such as deprivation, lead one to expect there, beside what its people alone do.

An expectation that allows for hardship makes the suffering of a hard-pressed place unsurprising. So what covariates
raise is called *need* and shown beside what is still surprising; neither takes a place out of view. Methods: places,
sections 5.2 and 5.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.kernels.regression import WIDEST, PoissonFit, poisson_regression
from riskshare.places.people import overlaps
from riskshare.places.strata import Ground

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

SQUARE_COLUMNS: Final = ("easting", "northing", "cell_m")
EVENTS_A_COVARIATE: Final = 10
"""Events a covariate needs (P. Peduzzi and others, Journal of Clinical Epidemiology 49, 1996)."""
COEFFICIENT_COLUMNS: Final = (
    "category", "covariate", "log_ratio", "lower", "upper", "ratio_a_spread", "spread", "n_events", "n_cells", "phi",
    "used", "reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Covariates:
    """Squares with what is known of each: ``squares`` (easting, northing, cell_m) and ``values`` (squares × names)."""

    names: tuple[str, ...]
    squares: pd.DataFrame
    values: Floats

    def __repr__(self) -> str:
        """Return which."""
        return f"Covariates({', '.join(self.names)})"


@dataclass(frozen=True, slots=True, repr=False)
class Raised:
    """How covariates raise what is expected, one set of coefficients a category.

    Attributes
    ----------
    covariates : Covariates
    categories : tuple of str
        Of each stratum.
    coefficients : dict of str to numpy.ndarray
        By category; absent where none could be told: there people alone are expected by.
    centre, level : dict
        By category, what β'z is counted from, and what exp(β'(z − centre)) is divided by so that on average nothing is
        raised.
    table : pandas.DataFrame
        ``COEFFICIENT_COLUMNS``: ``log_ratio`` for one unit more with its 95 % interval, widened by √φ where φ > 1, and
        ``ratio_a_spread``, how many times as many events one standard deviation more goes with.
    notes : tuple of str
    """

    covariates: Covariates
    categories: tuple[str, ...]
    coefficients: dict[str, Floats]
    centre: dict[str, Floats]
    level: dict[str, float]
    table: pd.DataFrame
    notes: tuple[str, ...]

    def over(self, ground: Ground) -> Floats:
        """Return how many times more each stratum expects in each cell (strata × cells); 1 where nothing is known."""
        known, values = cell_values(self.covariates, ground)
        factor = np.ones((len(self.categories), known.size))
        for place, category in enumerate(self.categories):
            if category in self.coefficients:
                rise = (values[known] - self.centre[category]) @ self.coefficients[category]
                factor[place, known] = np.exp(rise) / self.level[category]
        return factor

    def __repr__(self) -> str:
        """Return which."""
        return f"Raised({', '.join(self.covariates.names)}; {len(self.coefficients)} categories)"


def check_covariates(table: pd.DataFrame) -> Covariates:
    """Return covariates that can be used.

    Parameters
    ----------
    table : DataFrame
        ``easting`` and ``northing`` of the south-west corner of each square and its side ``cell_m`` (all metres), and a
        column of numbers for each covariate: its name is what it is called. A code or name column is not one. Blank is
        not known.

    Raises
    ------
    PlaceError
        With every problem: not a table, columns missing, no covariate, no lines, squares that are not finite, sides not
        above 0, values that are not numbers or beyond 1e100, a covariate known nowhere, one square twice.
    """
    if not isinstance(table, pd.DataFrame) or not set(SQUARE_COLUMNS) <= set(table.columns):
        hint = f"covariates must be a table with columns {', '.join(SQUARE_COLUMNS)} and one for each covariate."
        raise PlaceError([PlaceProblem("not_covariates", hint)])
    names = tuple(str(name) for name in table.columns if name not in SQUARE_COLUMNS)
    if not names or not len(table):
        hint = "The covariates have no column besides those of the square, or no line: give one for each covariate."
        raise PlaceError([PlaceProblem("no_covariates", hint)])
    squares = pd.DataFrame({name: pd.to_numeric(table[name], errors="coerce") for name in SQUARE_COLUMNS})
    squares = squares.astype(np.float64).reset_index(drop=True)
    columns = [pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64) for name in table.columns
               if name not in SQUARE_COLUMNS]  # fmt: skip
    values = np.column_stack(columns)
    problems = [*_square_problems(squares), *_value_problems(table, names, values)]
    if problems:
        raise PlaceError(problems)
    return Covariates(names, squares, values)


def _square_problems(squares: pd.DataFrame) -> list[PlaceProblem]:
    side = squares["cell_m"].to_numpy()
    tests = (
        ("easting", "a number of metres", ~np.isfinite(squares["easting"].to_numpy())),
        ("northing", "a number of metres", ~np.isfinite(squares["northing"].to_numpy())),
        ("cell_m", "a number of metres above 0", ~(np.isfinite(side) & (side > 0))),
    )
    found = [
        PlaceProblem(f"bad_{name}", f"Column `{name}` of the covariates must be {rule}; see row {_row(wrong)}.")
        for name, rule, wrong in tests
        if wrong.any()
    ]
    twice = squares.duplicated().to_numpy()
    if not found and twice.any():
        hint = f"{int(twice.sum()):,} squares of the covariates stand more than once; see row {_row(twice)}."
        found.append(PlaceProblem("covariate_square_twice", hint + " Give one line a square."))
    return found


def _value_problems(table: pd.DataFrame, names: tuple[str, ...], values: Floats) -> list[PlaceProblem]:
    found = []
    for name, column in zip(names, values.T, strict=True):
        given = table[name].notna().to_numpy() & (table[name].astype(str).str.strip() != "").to_numpy()
        wrong = given & ~np.isfinite(column)
        if wrong.any():
            hint = f"Covariate `{name}` must be a number or blank; see row {_row(wrong)}. Leave out columns of codes."
            found.append(PlaceProblem("bad_covariate", hint))
        elif (far := given & (np.abs(np.nan_to_num(column)) > WIDEST)).any():
            hint = f"Covariate `{name}` is beyond {WIDEST:g}; see row {_row(far)}. Give it in a larger unit."
            found.append(PlaceProblem("covariate_too_large", hint))
        elif not given.any():
            found.append(PlaceProblem("covariate_known_nowhere", f"Covariate `{name}` is blank everywhere."))
    return found


def _row(wrong: Bools) -> int:
    return int(np.argmax(wrong)) + 1


def cell_values(covariates: Covariates, ground: Ground) -> tuple[Bools, Floats]:
    """Return which cells all covariates are known of, and their values (cells × covariates).

    A cell's value is the mean of the squares over it, by the ground they share; squares of which it is blank do not
    count. 0 where a value is not known.
    """
    square, cell, room = overlaps(covariates.squares, ground)
    n_cells = ground.grid.n_cells
    values, known = np.zeros((n_cells, len(covariates.names))), np.ones(n_cells, dtype=np.bool_)
    for place, column in enumerate(covariates.values.T):
        told = np.isfinite(column[square])
        held = np.bincount(cell[told], weights=room[told], minlength=n_cells)
        total = np.bincount(cell[told], weights=room[told] * column[square[told]], minlength=n_cells)
        values[:, place] = total / np.where(held > 0, held, 1.0)
        known &= held > 0
    return known, np.where(known[:, None], values, 0.0)


def fit_covariates(
    covariates: Covariates, ground: Ground, names: Sequence[tuple[str, str, str]], counts: Ints, base: Floats
) -> Raised:
    """Return how covariates raise what is expected: for each category, alike in all its sources and organisations.

    Parameters
    ----------
    covariates : Covariates
    ground : Ground
    names : sequence of (source, organisation, category)
        ``Strata.names``.
    counts, base : numpy.ndarray, shape (strata, cells)
        Whole events; and what each stratum would count by its people alone.

    Returns
    -------
    Raised

    Raises
    ------
    PlaceError
        No covered cell has all covariates, or they do not vary each in its own way there.

    Notes
    -----
    E_kc = exp(α_k) B_kc exp(β'z_c) by Poisson regression (``riskshare.kernels.regression``), each stratum with a level
    of its own, so that no difference in recording is taken for one of circumstances. A category with fewer than 10
    events a covariate, or whose events a covariate tells apart, keeps what its people alone lead one to expect.
    """
    known, values = cell_values(covariates, ground)
    covered = np.asarray((base > 0).any(axis=0), dtype=np.bool_)
    if not (known & covered).any():
        hint = "No covered cell has a value of every covariate. Check that the squares lie over the areas, in metres."
        raise PlaceError([PlaceProblem("covariates_elsewhere", hint)])
    categories = tuple(category for _, _, category in names)
    coefficients, centre, level, lines = {}, {}, {}, []
    notes = _missing_notes(known, covered, counts)
    for category in sorted(set(categories)):
        mine = np.array([one == category for one in categories])
        some = known & (base[mine] > 0).any(axis=0)
        o, b = counts[mine][:, some], base[mine][:, some]
        fit, reason = _fitted(covariates.names, o, b, values[some])
        spread = _spread(values[some], b.sum(axis=0))
        lines += _lines(category, covariates.names, fit, spread, o, some, reason)
        if fit is None or reason:
            notes.append(f"{category}: {reason}; events are expected there by people alone.")
            continue
        coefficients[category], weight = fit.coefficients, b.sum(axis=0)
        centre[category] = np.average(values[some], axis=0, weights=weight)
        rise = np.exp((values[some] - centre[category]) @ fit.coefficients)
        level[category] = float(np.average(rise, weights=weight))
    table = pd.DataFrame(lines, columns=list(COEFFICIENT_COLUMNS))
    notes = [*_said(covariates.names, table), *notes]
    return Raised(covariates, categories, coefficients, centre, level, table, tuple(notes))


def _fitted(names: tuple[str, ...], o: Floats | Ints, b: Floats, z: Floats) -> tuple[PoissonFit | None, str]:
    n = int(o.sum())
    if n < EVENTS_A_COVARIATE * len(names):
        return None, f"{n:,} events are too few, as each covariate needs {EVENTS_A_COVARIATE}"
    try:
        fit = poisson_regression(o, b, z)
    except ValueError:
        hint = (
            f"Of the covariates {', '.join(names)}, one does not vary over the covered cells or is made up of the "
            "others. Leave it out."
        )
        raise PlaceError([PlaceProblem("covariates_alike", hint)]) from None
    return fit, "" if fit.converged else "a covariate tells cells with and without events apart, so nothing fits best"


def _spread(z: Floats, weight: Floats) -> Floats:
    if not weight.any():
        return np.full(z.shape[1], np.nan)
    centre = np.average(z, axis=0, weights=weight)
    return np.asarray(np.sqrt(np.average((z - centre) ** 2, axis=0, weights=weight)))


def _lines(
    category: str, names: tuple[str, ...], fit: PoissonFit | None, spread: Floats, o: Floats | Ints, some: Bools,
    reason: str,
) -> list[tuple[object, ...]]:  # fmt: skip
    blank = np.full(len(names), np.nan)
    value = blank if fit is None or reason else fit.coefficients
    phi = np.nan if fit is None or reason else fit.phi
    error = blank if fit is None or reason else np.sqrt(np.diag(fit.covariance) * max(1.0, np.nan_to_num(phi)))
    half = float(ndtri(0.975)) * error
    counted = int(o.sum()), int(some.sum())
    return [
        (category, name, value[place], value[place] - half[place], value[place] + half[place],
         np.exp(value[place] * spread[place]), spread[place], *counted, phi, not reason, reason)
        for place, name in enumerate(names)
    ]  # fmt: skip


def _missing_notes(known: Bools, covered: Bools, counts: Ints) -> list[str]:
    lacking = covered & ~known
    if not lacking.any():
        return []
    n_events = int(counts[:, lacking].sum())
    return [
        f"{int(lacking.sum()):,} of {int(covered.sum()):,} covered cells, with {n_events:,} events, lack a covariate: "
        "people alone are expected by there, and nothing is known of need."
    ]


def _said(names: tuple[str, ...], table: pd.DataFrame) -> list[str]:
    notes = [
        f"Expected by people and {', '.join(names)} (Poisson regression within each source's organisations, one set of "
        "coefficients a category). What covariates raise is need, not a reason to look away: clusters that are a "
        "surprise by people alone stay on the map."
    ]
    for line in table[table["used"]].to_dict("records"):
        notes.append(
            f"{line['category']}: {line['ratio_a_spread']:.2f} times as many events for {line['spread']:.3g} more "
            f"{line['covariate']} (one standard deviation; 95 % {np.exp(line['lower'] * line['spread']):.2f} to "
            f"{np.exp(line['upper'] * line['spread']):.2f})."
        )
    return notes
