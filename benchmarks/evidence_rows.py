"""Made-up evidence of any size for the engines: each row is worked out from its number, so that pieces need no whole.

Row i is about subject i × P mod S: every subject has n ÷ S rows, strewn evenly over the whole file. Nothing here is
about a real person. The rows are for the shipped example partnership; about one in 200 is faulty, one in 500 sent
twice, one in 100 about a place alone, one in ten repeats another, and one in twenty is a reading on a scale.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

ROWS_A_SUBJECT = 10
PIECE_ROWS = 1_000_000
LAST_DAY = 20_543  # 2026-03-31 in days since 1970-01-01
AS_OF = "2026-03-31"
_STRIDE = 2_654_435_761  # a prime: no smaller number of subjects shares a factor with it
AGENCIES = ("childrens_south", "hospital", "housing", "north_police", "south_police", "youth_justice")
DATES = {"north_police": "%d/%m/%Y", "south_police": "%d-%m-%Y", "youth_justice": "%d/%m/%Y"}
HARM_BY = ("antisocial_behaviour", "gang_association", "retaliation_talk", "serious_violence_suspected",
    "weapon_carrying", "threat_to_life", "trusted_adult", "serious_violence_convicted")  # fmt: skip
HARM_TO = ("care_concern", "criminal_exploitation", "domestic_abuse_in_home", "missing_episode", "persistent_absence",
    "school_exclusion", "victim_of_violence", "trusted_adult")  # fmt: skip
GRADES = ("A", "B", "C", "D", "E")
SOURCE_TYPES = ("administrative_record", "partner_summary", "worker_observation", "worker_worry", "named_witness")

Ints = NDArray[np.int64]


def _hash(number: Ints, salt: int) -> NDArray[np.uint64]:
    """Return 64 well-mixed bits a number (splitmix64)."""
    with np.errstate(over="ignore"):
        mixed = number.astype(np.uint64) + np.uint64((salt * 0x9E3779B97F4A7C15) % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _pick(number: Ints, salt: int, size: int) -> Ints:
    return (_hash(number, salt) % np.uint64(size)).astype(np.int64)


def _share(number: Ints, salt: int) -> NDArray[np.float64]:
    return (_hash(number, salt) >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def _words(places: Ints, words: tuple[str, ...], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    indices = pa.array(places.astype(np.int32), mask=missing)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words)).cast(pa.string())


def _named(prefix: str, number: Ints, missing: NDArray[np.bool_] | None = None) -> pa.Array:
    texts = np.char.add(prefix, number.astype(str))
    return pa.array(texts, pa.string(), mask=missing)


def draw(first: int, last: int, n_rows: int, *, giant: float = 0.0) -> pa.Table:
    """Return rows ``first`` up to, not including, ``last`` of ``n_rows``, dates as dates.

    ``giant`` is the share of rows that one subject has.
    """
    n_subjects = max(1, n_rows // ROWS_A_SUBJECT)
    line = np.arange(first, last)
    # A row sent twice is the row before it in its subject, once more.
    again = (_pick(line, 1, 500) == 0) & (line >= n_subjects)
    number = np.where(again, line - n_subjects, line)
    subject = (number % n_subjects) * _STRIDE % n_subjects
    subject = np.where(_share(number, 15) < giant, 0, subject)
    place = _pick(number % n_subjects, 2, 100) == 0
    by = _pick(number, 3, 2) == 0
    relay = (number // n_subjects >= ROWS_A_SUBJECT - 1) & ~place & (subject > 0)
    origin = np.where(relay, number - (1 + _pick(number, 4, 5)) * n_subjects, number)
    kind = np.where(by, _pick(origin, 5, len(HARM_BY)), len(HARM_BY) + _pick(origin, 5, len(HARM_TO)))
    agency = _pick(number, 6, len(AGENCIES))
    age = (_share(number, 7) ** 2 * 900).astype(np.int64)
    event = LAST_DAY - age - 10
    graded = np.isin(agency, [AGENCIES.index("north_police"), AGENCIES.index("south_police")])
    claim = (_pick(number, 8, 10) < 3) & ~place
    faulty = _pick(number, 9, 200) == 0
    reading = (_pick(number, 10, 20) == 0) & ~place
    basis = _pick(number, 11, 7) == 0
    denies = _pick(number, 12, 30) == 0
    derived = np.char.add(np.char.add(np.array(AGENCIES)[_pick(origin, 6, len(AGENCIES))], ":R"), origin.astype(str))
    roles = np.where(place, 2, np.where(by, 0, 1))
    missing = {"grade": ~graded, "type": graded}
    return pa.table({
        "record_id": _named("R", number),
        "subject_id": _named("S", subject, place),
        "role": _words(roles, ("person_of_concern", "victim", "place")),
        "agency": _words(agency, AGENCIES),
        "indicator": _words(np.where(faulty, len(HARM_BY) + len(HARM_TO), kind), (*HARM_BY, *HARM_TO, "no_such_thing")),
        "basis": _words(basis.astype(np.int64), ("factual", "anecdotal")),
        "arises_from": _words(np.zeros_like(number), ("reported",)),
        "source_grade": _words(_pick(number, 13, 3), ("1", "2", "3"), missing["grade"]),
        "info_grade": _words(_pick(number, 14, len(GRADES)), GRADES, missing["grade"]),
        "source_type": _words(_pick(number, 14, len(SOURCE_TYPES)), SOURCE_TYPES, missing["type"]),
        "scale": _words(np.zeros_like(number), ("safelives.dash_ric",), ~reading),
        "value": _words(_pick(number, 16, 25), tuple(str(n) for n in range(25)), ~reading),
        "stance": _words(denies.astype(np.int64), ("supports", "denies")),
        "event_date": pa.array(event.astype(np.int32), pa.int32()).cast(pa.date32()),
        "recorded_date": pa.array((event + _pick(number, 17, 10)).astype(np.int32), pa.int32()).cast(pa.date32()),
        "claim_id": _named("C", subject * 4 + _pick(number, 18, 4), ~claim),
        "derived_from": pa.array(derived, pa.string(), mask=~relay),
        "handling": _words(np.zeros_like(number), ("P",)),
    })  # fmt: skip


def pieces(n_rows: int, *, giant: float = 0.0) -> Iterator[pa.Table]:
    """Yield all rows, ``PIECE_ROWS`` at a time."""
    for first in range(0, n_rows, PIECE_ROWS):
        yield draw(first, min(first + PIECE_ROWS, n_rows), n_rows, giant=giant)


def write_parquet(path: Path, n_rows: int, *, giant: float = 0.0) -> Path:
    """Write the rows as one Parquet file, a row group a piece, and return its path."""
    with pq.ParquetWriter(path, draw(0, 0, n_rows).schema) as writer:
        for piece in pieces(n_rows, giant=giant):
            writer.write_table(piece, row_group_size=250_000)
    return path


def write_csv(path: Path, n_rows: int) -> Path:
    """Write the rows as one CSV file, each date as its agency writes dates, and return its path."""
    with path.open("wb") as file:
        for number, piece in enumerate(pieces(n_rows)):
            options = pacsv.WriteOptions(include_header=number == 0, quoting_style="none")
            pacsv.write_csv(_dates_as_text(piece), file, options)
    return path


def _dates_as_text(piece: pa.Table) -> pa.Table:
    agency = np.asarray(piece["agency"].to_pylist(), dtype=object)
    for name in ("event_date", "recorded_date"):
        days = piece[name].to_pandas()
        formats = [DATES.get(one, "%Y-%m-%d") for one in agency]
        texts = [day.strftime(form) for day, form in zip(days, formats, strict=True)]
        piece = piece.set_column(piece.schema.get_field_index(name), name, pa.array(texts, pa.string()))
    return piece
