"""Files that cannot be read, and files that try to be something else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from folders import good_files, to_toml, write_folder
from riskshare.errors import PartnershipError, Problem
from riskshare.io.partnership import load_partnership
from riskshare.io.partnership_files import MOST_BYTES, shown


def problems_of(folder: Path) -> list[tuple[str, str]]:
    with pytest.raises(PartnershipError) as caught:
        load_partnership(folder)
    return [(problem.file, problem.rule) for problem in caught.value.problems]


def test_a_byte_order_mark_and_windows_line_ends_mean_nothing(tmp_path: Path) -> None:
    plain = load_partnership(write_folder(tmp_path / "plain"))
    text = to_toml(good_files()["trust.toml"]).replace("\n", "\r\n")
    files = good_files() | {"trust.toml": b"\xef\xbb\xbf" + text.encode()}
    assert load_partnership(write_folder(tmp_path / "windows", files)).version == plain.version


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    extra = {"README.md": "read me", "old/partnership.toml": "x", "scales/notes.txt": ""}
    assert load_partnership(write_folder(tmp_path, good_files() | extra))


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.toml").write_text("password = 'x'\n")
    folder = write_folder(tmp_path / "here")
    (folder / "trust.toml").unlink()
    (folder / "trust.toml").symlink_to(tmp_path / "secret.toml")
    assert problems_of(folder) == [("trust.toml", "It is a link that leads out of the folder.")]


def test_the_scales_folder_may_not_lead_out_either(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "here")
    (folder / "scales").rename(tmp_path / "elsewhere")
    (folder / "scales").symlink_to(tmp_path / "elsewhere")
    assert problems_of(folder) == [("scales", "It is a link that leads out of the folder.")]


def test_a_link_inside_the_folder_and_to_the_folder_is_followed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "here")
    (folder / "trust.toml").rename(folder / "trust.txt")
    (folder / "trust.toml").symlink_to("trust.txt")
    (tmp_path / "link").symlink_to(folder)
    assert load_partnership(tmp_path / "link").name == "Testshire"


@pytest.mark.parametrize("target", ["nowhere", "trust.toml"])
def test_a_link_to_nothing_or_to_itself(tmp_path: Path, target: str) -> None:
    folder = write_folder(tmp_path)
    (folder / "trust.toml").unlink()
    (folder / "trust.toml").symlink_to(target)
    assert problems_of(folder) == [("trust.toml", "The file cannot be read.")]


def test_a_folder_or_a_pipe_is_no_file(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / "trust.toml").unlink()
    (folder / "trust.toml").mkdir()
    os.mkfifo(folder / "scales" / "pipe.toml")
    ordinary = "It is not an ordinary file."
    assert problems_of(folder) == [("scales/pipe.toml", ordinary), ("trust.toml", ordinary)]


def test_just_below_the_limit_is_read_and_above_it_is_not(tmp_path: Path) -> None:
    text = to_toml(good_files()["trust.toml"]).encode()
    files = good_files() | {"trust.toml": text + b"#" * (MOST_BYTES - len(text))}
    assert load_partnership(write_folder(tmp_path, files))
    (tmp_path / "trust.toml").write_bytes(files["trust.toml"] + b"#")
    assert problems_of(tmp_path) == [("trust.toml", "The file is larger than 1 MiB.")]


def test_the_line_of_a_fault_is_told_and_its_text_is_not(tmp_path: Path) -> None:
    files = good_files() | {
        "trust.toml": "a = 1\nSECRET = \n",
        "common_scale.toml": b"a = 1\n# \xe9\n",
        "signatures.toml": "SECRET = 1\nSECRET = 2\n",
        "partnership.toml": "SECRET = 1\nSECRET = 2",
        "scales/b.toml": "a = [",
    }
    assert problems_of(write_folder(tmp_path, files)) == [
        ("common_scale.toml", "Line 2 is not UTF-8 text."),
        ("partnership.toml", "A key or table is given twice, just before the end of the file."),
        ("scales/b.toml", "The end of the file is not valid TOML."),
        ("signatures.toml", "A key or table is given twice, just before line 2, column 11."),
        ("trust.toml", "Line 2, column 10 is not valid TOML."),
    ]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    assert problems_of(tmp_path / "x") == [("the folder given", "That is a file, not a folder.")]


def test_an_odd_file_name_is_safe_to_print(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / "scales" / "a\nb\x1b[31m.toml").write_text("x")
    assert problems_of(folder)[0][0] == "scales/a?b?[31m.toml"
    assert shown("\udcff" + "é" * 300) == "?" + "é" * 199


def test_a_problem_reads_as_one_line() -> None:
    problem = Problem("trust.toml", "z", "It must be above 0.", "Choose.")
    assert str(problem) == "trust.toml: z: It must be above 0. Choose."
