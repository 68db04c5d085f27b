"""Every fault that reading can find, by its stable code, with what to do about it. One table for programs and docs.

``STOPS`` end the whole file. ``FAULTS`` set one row aside, or, in the columns of ``SOFT_COLUMNS``, make one cell
unknown. No hint holds a person's value.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from riskshare.errors import EvidenceFileError

STOPS: Final = MappingProxyType(
    {
        "not_found": "There is no such file, or it may not be read. Check the path and its permissions.",
        "not_a_regular_file": "A link, folder, pipe or device is never read. Give the path of the file itself.",
        "unsupported_source": "Pass a path, a list of paths, a table with __arrow_c_stream__ (pandas, Polars, "
        "pyarrow, DuckDB) or a list of mappings, one a row.",
        "unknown_kind": "Its ending says no kind that is read. Send .csv, .tsv, .txt, .parquet, .jsonl or .ndjson.",
        "geopackage": "A GeoPackage holds places, not evidence rows. Export its attribute table as CSV with "
        "easting and northing columns.",
        "compressed": "A compressed file is not opened. Unpack it and send the CSV inside.",
        "workbook": "A workbook may hide sheets, formulas and changed dates. Save the sheet as 'CSV UTF-8' and "
        "send that.",
        "refused_format": "This is a program's own format and opening it could run code. Send CSV, Parquet or "
        "JSON lines.",
        "wrong_content": "What is inside is not what its ending says. Rename it to its true kind, or export it again.",
        "too_large": "It is larger than the limit. Split it and pass the parts as a list of paths.",
        "not_streamed": "JSON lines are read whole, not in pieces. Send CSV or Parquet, or leave --engine out.",
        "changed_meanwhile": "It was changed while it was read. Let the export end, or copy it, and run again.",
        "too_many_rows": "It has more rows than the limit. Split it and pass the parts as a list of paths.",
        "empty_file": "It is empty. Where there is nothing to send, send the header line alone.",
        "nul_bytes": "It holds NUL characters, as UTF-16 without its byte order mark or a damaged file does. Save "
        "it as UTF-8.",
        "ambiguous_encoding": "It is neither valid UTF-8 nor plainly Windows-1252, or a mixture. Save it as UTF-8.",
        "ambiguous_delimiter": "More than one delimiter fits the header. Use commas throughout.",
        "unbalanced_quotes": "A quotation mark opens or closes where it should not, so later rows cannot be told "
        "apart. Write a quote inside a cell twice.",
        "cell_too_long": "One cell is far longer than any cell should be, perhaps because a quotation mark is not "
        "closed.",
        "too_many_columns": "It has more columns than the limit of 1,000. Send only the columns of the contract.",
        "missing_columns": "Add the columns; the first line must hold the column names, spelled as in the contract.",
        "unknown_columns": "Remove or rename columns that are not in the contract; they are named by position, "
        "because a misplaced cell may be a person's.",
        "duplicated_column": "A column name stands twice. Keep one.",
        "unnamed_column": "A column has no name, as a delimiter at the end of the header makes. Remove it.",
        "unreadable_table": "The table cannot be read as columns of one kind each. Make every column text and try "
        "again.",
        "unsupported_type": "This column holds lists, records, bytes or durations. Make it text.",
        "too_many_groups": "It has more than 100 distinct values, so it holds something other than groups. Send agreed "
        "group labels, never names, dates or free text.",
        "swapped_coordinates": "More than half of the coordinates fit the United Kingdom only when swapped. "
        "Exchange the two columns.",
        "grid_in_degrees": "longitude and latitude hold grid metres. Name the columns easting and northing.",
        "degrees_in_grid": "easting and northing hold degrees. Name the columns longitude and latitude.",
        "too_many_bad_rows": "Too many rows are faulty for the rest to be trusted. Correct the export, or pass "
        "accept_bad=True to read it and see the quarantine.",
    }
)

FAULTS: Final = MappingProxyType(
    {
        # the shape of a row
        "ragged_row": "It has more or fewer cells than the header. Check for a delimiter inside a cell.",
        "repeated_header": "The header line is repeated here. Remove it.",
        "totals_row": "This is a totals line, not a record. Remove it.",
        "empty_row": "Every cell is empty. Remove the row.",
        "bad_json": "This line is not valid JSON. Write one complete object on each line.",
        "not_an_object": "This is not an object with named fields. Write one object for each row.",
        "duplicate_key": "A field name stands twice in this object. Keep one.",
        # the kind of a cell
        "nested_value": "A list or an object stands where one value is expected. Write one plain value.",
        "wrong_type": "The cell is of the wrong kind (true or false, a number or a date where text is expected). "
        "Write it as text, as the contract says.",
        "not_a_number": "NaN and infinity are not values. Leave the cell empty where nothing is known.",
        "bad_unicode": "The text is not valid Unicode. Write it again.",
        # the text of a cell
        "required_missing": "This column must be filled in every row. Fill it.",
        "cell_too_long": "The cell is longer than any cell should be. Free text does not belong here.",
        "control_character": "The cell holds a line break, tab or control character. Remove it.",
        "invisible_character": "The cell holds a character that cannot be seen. Type it again.",
        "padded": "There are spaces before or after the text. Remove them.",
        "not_nfc": "The accents are written apart from their letters. Save the text in Unicode form NFC.",
        "look_alike": "A character outside plain A-Z, a-z, 0-9 stands here, perhaps one that looks alike. Type it "
        "again.",
        "formula": "The cell begins as a spreadsheet formula does. Remove the leading sign.",
        "identifier_in_clear": "This looks like a person's own number, date of birth, e-mail or telephone. Send "
        "the keyed pseudonym, never the identifier.",
        "scientific_notation": "A spreadsheet has rounded a long number. Format the column as text and export again.",
        "placeholder": "The text stands for 'nothing known'. Leave the cell empty, or give the true reference.",
        "bad_id": "An id has letters, digits and _ . - / : only, at most 64, and begins with a letter or digit. "
        "Send the reference alone, without spaces or words.",
        "unknown_code": "This is not one of the agreed codes. Use one that the contract or the partnership's files "
        "list, spelled exactly so.",
        "mixed_case": "The code is agreed, but not with these capital letters. Write it exactly as agreed.",
        # numbers and readings
        "bad_number": "Write a plain decimal number such as 12 or 0.5.",
        "decimal_comma": "Write the decimal point as a point, and no separators.",
        "out_of_range": "The number is outside the range agreed for this column or scale. Correct it; leave it empty "
        "where it is not known.",
        "severity_and_scale": "severity and a scale reading stand in one row. Send one of them.",
        "scale_missing": "A value or route without its scale cannot be read. Name the scale.",
        "reading_missing": "A scale is named without value or route. Give the reading, or leave scale empty.",
        "not_a_reading": "Write a plain number such as 14 or 6.9, or one of the scale's own labels.",
        "not_whole_steps": "This scale is counted in whole steps; the number falls between two. Send the number that "
        "was recorded.",
        "unknown_route": "This route is not one of the scale's own. Use one that the scale's file lists.",
        # dates
        "bad_date": "The date is not in a format that this agency has declared. Write it as date_formats in "
        "partnership.toml says; leading zeros count.",
        "impossible_date": "There is no such day. Check day, month and year against the record.",
        "ambiguous_date": "The declared formats read this date in two ways. Agree one of them in partnership.toml.",
        "two_digit_year": "Write the year with four digits.",
        "excel_serial": "This is a spreadsheet's day number. Format the column as a date and export again.",
        "incomplete_date": "The day or the year is missing. Write the whole date.",
        "has_time": "A time of day or time zone stands with the date. Send the date alone.",
        "placeholder_date": "This is a system's default date, not a real one. Leave it empty where the column "
        "allows it.",
        "date_out_of_range": "The date is before 1900 or after 2100. Check the year.",
        "event_after_recorded": "The event is later than its recording. Correct the one that is wrong.",
        "end_before_start": "It ends before it begins. Correct the date that is wrong.",
        "end_after_recorded": "The event ends after its recording. Leave event_end empty until it has ended.",
        # rules across cells
        "subject_missing": "Every role but place needs a subject_id. Add it, or correct the role.",
        "subject_on_place": "A place row has no subject. Remove subject_id, or correct the role.",
        "grading_missing": "Give source_grade and info_grade, or source_type.",
        "grading_twice": "Both a grade and a source_type stand here. Send one of them.",
        "grading_half": "source_grade and info_grade are graded together. Give both.",
        "grade_not_agreed": "This pair of grades has no agreed trust in the partnership. Use an agreed pair, or agree "
        "this one in trust.toml.",
        "bad_reference": "Write agency:record_id, several separated by ; without spaces.",
        "unknown_agency": "The reference names an agency that is not a partner. Write the id as partnership.toml "
        "has it.",
        "gateway_barred": "The named gateway does not carry this class of data. Correct the gateway or the class; if "
        "both are right, it may not be sent.",
        "conflicting_versions": "Two rows have the same key and recorded_date but differ. Record the correction "
        "on a later date.",
        "conflicting_subjects": "The same subject stands twice with different content. Send one row for each subject.",
        "until_without_from": "protected_until needs protected_from. Give the day on which protection began.",
        # places
        "half_a_pair": "The other coordinate of the pair is missing or cannot be read. Give both or neither.",
        "null_island": "The coordinates are a system's default (0, 0 or -1, -1). Leave both empty where the place is "
        "not known.",
        "outside_uk": "The coordinates are outside the United Kingdom. Check them; leave both empty where the place is "
        "not known.",
        "swapped_coordinates": "The coordinates fit the United Kingdom only when swapped. Exchange the two.",
    }
)

SOFT_COLUMNS: Final = frozenset(
    {"event_end", "easting", "northing", "longitude", "latitude", "precision_m", "authority", "recorded_by"}
)
"""Columns whose absence only widens doubt: a faulty cell becomes unknown and the row is kept."""

ALWAYS_HARD: Final = frozenset({"identifier_in_clear", "end_before_start", "end_after_recorded"})
"""Faults that set the row aside in any column: personal data where none belongs, and contradictions."""


def stop(source: str, code: str, *, column: str = "", row: int | None = None, detail: str = "") -> EvidenceFileError:
    """Return the error that stops a source, with the hint of its code after any detail.

    Examples
    --------
    >>> str(stop("march.csv", "duplicated_column", column="agency"))
    'march.csv, column agency: stopped (duplicated_column). A column name stands twice. Keep one.'
    """
    return EvidenceFileError(code, f"{detail} {STOPS[code]}".strip(), source=source, column=column, row=row)
