"""A Celery application whose task tracks. TORTURE_PLAN is a client's plan, with `broker`."""

from __future__ import annotations

import json
import os

import celery
from qa.torture.programs.client import Client

__all__ = ["app", "work"]

_plan = json.loads(os.environ["TORTURE_PLAN"])
_client = Client(_plan)
app = celery.Celery("tasks", broker=_plan["broker"])


@app.task(name="work")
def work(count: int) -> None:
    _client.track(count)
