"""The faulty collector injects the faults that it announces, and no others."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from qa.torture.collector import FaultyCollector
from qa.torture.faults import FAULTS

pytestmark = pytest.mark.processes

PATH = "/client/com.snowplowanalytics.snowplow/tp2"
# The events of one request, its answer (None for a network error), whether they were taken, and
# whether its client may not know.
MEANING = {
    "refuses": (None, False, False),
    "deaf": (None, False, False),
    "stalls": (None, True, True),
    "cuts body": (None, False, False),
    "early answer": (503, False, False),
    "drips": (200, True, False),
    "cookie": (200, True, False),
    "HTML": (200, True, False),
    "garbage": (None, False, False),
    "307": (200, True, False),
    "413": (413, False, False),
    "429": (429, False, False),
    "500": (500, False, False),
    "502": (502, False, False),
    "503": (503, False, False),
    "504": (504, False, False),
    "429 Retry-After": (429, False, False),
    "503 Retry-After": (503, False, False),
}


def body(*event_ids: str) -> str:
    padding = "x" * 60_000
    return json.dumps({"data": [{"eid": event_id, "x": padding} for event_id in event_ids]})


def post(url: str, event_id: str, time_out: float = 5) -> int | None:
    try:
        return requests.post(url + PATH, data=body(event_id), timeout=time_out).status_code
    except requests.RequestException:
        return None


@pytest.mark.parametrize("kind", sorted(MEANING))
def test_a_fault_does_what_it_is_named_for(tmp_path, kind):
    status, is_taken, is_in_doubt = MEANING[kind]
    time_out = 0.5 if status is None else 5
    storm: dict[str, Any] = {"every": 1, "seconds": 60, "kinds": [kind], "time_out": time_out}
    with FaultyCollector(tmp_path, 1, **storm) as collector:
        assert post(collector.url, "before") == 200
        assert post(collector.url, "during", time_out) == status
        collector.calm()
        taken = {each.event_ids[0]: each for each in collector.acceptances()}
        assert ("during" in taken) == is_taken
        assert not is_taken or (taken["during"].is_in_doubt == is_in_doubt)


def test_a_cut_answer_is_in_doubt_however_much_of_it_came(tmp_path):
    with FaultyCollector(tmp_path, 1, every=3, seconds=60, kinds=["cuts answer"]) as collector:
        for event_id in "abcdef":
            post(collector.url, event_id)
        doubts = [each.is_in_doubt for each in collector.acceptances()]
        assert doubts == [False] * 3 + [True] * 3


def test_a_lossy_redirect_takes_nothing(tmp_path):
    with FaultyCollector(tmp_path, 1, every=1, seconds=60, kinds=["302"]) as collector:
        post(collector.url, "before")
        post(collector.url, "during")
        assert collector.summary()["accepted"] == 1


def test_every_fault_is_tested():
    assert {*MEANING, "cuts answer", "302"} == set(FAULTS)


def test_it_tells_what_no_client_may_do(tmp_path):
    with FaultyCollector(tmp_path, 1) as collector:
        requests.post(collector.url + PATH, data=body("a"), headers={"Cookie": "sp=x"}, timeout=5)
        requests.post(collector.url + PATH, data="not JSON", timeout=5)
        requests.post(collector.url + PATH, data=body(*map(str, range(17))), timeout=5)
        complaints = " ".join(collector.summary()["complaints"])
        assert all(part in complaints for part in ("cookie", "payload_data", "bytes"))
