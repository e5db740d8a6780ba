"""`default_encoder`: the built-in rules, for `json.dumps` and for encoders of programs."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pytest

import snowplow_tracker
from snowplow_tracker import _native, default_encoder

DAY = date(2026, 1, 2)


@dataclass
class Entry:
    day: date
    tags: frozenset[str]


VALUES: list[Any] = [
    *(DAY, UUID(int=1), PurePosixPath("/a"), timedelta(1), {1}, deque([DAY]), range(2)),
    *(Entry(DAY, frozenset("a")), MappingProxyType({"a": DAY}), pd.NaT, np.float32(0.1)),
    *(np.array([0.1], dtype="f4"), np.datetime64("2026-01-02", "ns"), Decimal("1.50"), Decimal(3)),
    *(Decimal("NaN"), np.float32("inf")),
]


@pytest.mark.parametrize("value", VALUES)
def test_json_dumps_writes_with_it_what_a_tracker_writes(value):
    assert json.loads(json.dumps(value, default=default_encoder)) == json.loads(
        _native.dumps(value)
    )


def test_a_whole_decimal_is_an_int_of_any_size():
    assert default_encoder(Decimal(10**30 + 1)) == 10**30 + 1


@pytest.mark.parametrize("value", ["text", 1, 1.5, True, None, [1], (1,), {"a": 1}])
def test_returns_what_json_supports_unchanged(value):
    assert default_encoder(value) is value


@pytest.mark.parametrize("value", [object(), 1j, b"x", (n for n in [1])])
def test_raises_what_json_dumps_raises_for_other_types(value):
    with pytest.raises(TypeError, match=r"^Object of type \w+ is not JSON serializable"):
        default_encoder(value)
    with pytest.raises(TypeError, match="is not JSON serializable"):
        json.dumps([value], default=default_encoder)


def test_may_end_an_encoder_of_the_program():
    def encode(value: Any) -> Any:
        return "complex" if isinstance(value, complex) else default_encoder(value)

    assert json.loads(_native.dumps([1j, DAY], encode)) == ["complex", "2026-01-02"]


def test_is_public():
    assert "default_encoder" in snowplow_tracker.__all__
    assert default_encoder.__doc__
