"""A browser for the tests of this folder, or a skip that is seen; where a machine must have one, a failure."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

import chrome


@pytest.fixture(scope="session")
def browser() -> Iterator[chrome.Browser]:
    if chrome.program() is None:
        why = "no Chromium here: what a browser does with hostile names was NOT tested (install `chromium`)"
        if os.environ.get("RISKSHARE_NEEDS_BROWSER"):
            pytest.fail(why)
        pytest.skip(why)
    with chrome.browser() as driven:
        yield driven
