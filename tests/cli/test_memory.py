"""The memory of a load does not grow with its input."""

from __future__ import annotations

import pytest
from qa.bulk.memory import send_megabytes

pytestmark = pytest.mark.processes


def test_memory_stays_the_same(tmp_path):
    outcome = send_megabytes(60, tmp_path)
    assert outcome.delivered == outcome.records > 50_000
    assert outcome.peak_megabytes < 100
