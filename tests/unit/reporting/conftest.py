from __future__ import annotations

import pytest
from reporting_sample import assessment

from riskshare.assessment import Assessment


@pytest.fixture(scope="session")
def made() -> Assessment:
    return assessment()
