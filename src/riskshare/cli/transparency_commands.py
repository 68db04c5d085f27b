"""The command `riskshare transparency` and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskshare.cli.options import Force, Json, Quiet
from riskshare.cli.screen import Screen


def transparency(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The agreed partnership, such as thresholds.")],
    at: Annotated[str, typer.Option("--at", metavar="MOMENT", help="As agreed then: 2026-03-31T16:30:00+01:00.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the pages.")] = Path("out/transparency"),
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the page "why, what, how, with whom" and the transparency record (ATRS); fails if a field is empty."""
    from riskshare.cli.transparency import run_transparency
    from riskshare.io.writing import check_folder

    check_folder(out)
    run_transparency(folder, at, out, Screen(as_json, quiet), force=force)
