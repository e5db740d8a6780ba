"""The field's benchmark counts what arrives, and names what it cannot install."""

from __future__ import annotations

import gzip
import json
import shutil
from urllib.parse import quote_plus

import pytest
from benches.field import install
from benches.field.contenders import CONTENDERS, OURS
from benches.field.job import JOB, ORDER, PAGE_VIEW
from benches.field.measure import measure
from benches.field.plot import plot
from benches.runner import OutputMismatchError, Process
from benches.targets.collector import decoded

OUR_CONTENDER = next(contender for contender in CONTENDERS if contender.name == OURS)


@pytest.fixture
def job(tmp_path):
    path = tmp_path / "job.json"
    path.write_text(json.dumps(JOB))
    return path


@pytest.fixture
def process(job):
    with Process(OURS, OUR_CONTENDER.command(job)) as process:
        yield process


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1}',
        gzip.compress(b'{"a":1}', mtime=0),
        b"data=" + quote_plus('{"a":1}').encode(),
    ],
)
def test_the_sink_reads_bodies_as_they_are_sent(body):
    assert decoded(body).removeprefix(b"data=") == b'{"a":1}'


@pytest.mark.processes
def test_each_kind_of_event_is_measured_sent_and_encoded(process):
    sent, encoded = measure([(OUR_CONTENDER, process)], 30, 1)
    assert set(sent.rows[0].values) == set(encoded.rows[0].values) == {ORDER, PAGE_VIEW}
    assert all(value > 0 for table in (sent, encoded) for value in table.rows[0].values.values())
    assert OURS in plot({"Python": "", "CPU": "", "date": ""}, sent)


class Losing(Process):
    """A process that tracks one event less than it is asked for."""

    def call(self, task, *arguments):
        kind, url, events = arguments
        return super().call(task, kind, url, events - 1)


@pytest.mark.processes
def test_a_lost_event_ends_the_run(job):
    with Losing(OURS, OUR_CONTENDER.command(job)) as process, pytest.raises(OutputMismatchError):
        measure([(OUR_CONTENDER, process)], 30, 1)


@pytest.mark.parametrize("name", ["node", "java", "rust"])
def test_a_toolchain_that_is_missing_is_named(name, job, monkeypatch, tmp_path):
    monkeypatch.setattr(install, "FOLDER", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(install.NotInstalledError, match="no such command here: "):
        getattr(install, name)(job)


def test_an_installation_that_fails_is_named_and_tried_again(monkeypatch, tmp_path):
    monkeypatch.setattr(install, "FOLDER", tmp_path)
    with pytest.raises(install.NotInstalledError, match="pip"):
        install.python("posthog", packages=("not a name of a package",))
    assert not (tmp_path / "not a name of a package").exists()
