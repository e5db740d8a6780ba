"""Tracks in green threads, delivers everything and ends.

Its plan has `library`, gevent or eventlet; `moment`, when it patches `threading`; `threads`, the
`count` of events in each, and `pause`.
"""

# ruff: noqa: E402  # the patch comes before some imports

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

_plan = json.loads(sys.argv[1])


def _patch_if(moment: str) -> None:
    if moment != _plan["moment"]:
        return
    patching: Any
    if _plan["library"] == "gevent":
        patching = importlib.import_module("gevent.monkey").patch_all
    else:
        patching = importlib.import_module("eventlet").monkey_patch
    patching()


_patch_if("before import")

from qa.torture.programs.client import Client


def main() -> None:
    _patch_if("after import")
    client = Client(_plan)
    if _plan["moment"] == "after sending":
        client.track(50)
        client.tracker.flush()
        _patch_if("after sending")
    client.track_in_threads(_plan["threads"], _plan["count"], _plan["pause"])
    client.drain()
    client.emitter.close()
    client.report()


if __name__ == "__main__":
    main()
