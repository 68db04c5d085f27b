"""The command line: arguments in, exit code out. ``docs/how-to/command-line.md`` lists commands and exit codes."""

from __future__ import annotations


def main() -> None:
    """Run the command line; what goes wrong unforeseen is told without a person's value."""
    import gc
    import signal
    import sys

    import typer

    from riskshare.cli.app import app
    from riskshare.cli.faults import last_resort

    gc.set_threshold(200_000, 50, 50)  # a command lives for seconds; looking for rings of objects costs it a twentieth
    sys.excepthook = last_resort
    if hasattr(signal, "SIGPIPE"):  # when whoever reads us leaves, as `head` does, end as every other tool ends
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter of a name must not stop a report
    typer.main.get_command(app)()  # not app(): that would put its own hook, which prints values, over ours
