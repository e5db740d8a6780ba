"""The guide's WSGI program, whose slow requests wait until the test lets them go on."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from wsgi import app as guide  # type: ignore[import-not-found]

FOLDER = Path(os.environ["FOLDER"])


def app(environ: dict[str, Any], start_response: Any) -> Any:
    number = parse_qs(environ["QUERY_STRING"]).get("n", [""])[0]
    if number.startswith("slow"):
        (FOLDER / f"entered-{number}").touch()
        while not (FOLDER / "released").exists():
            time.sleep(0.005)
    return guide(environ, start_response)
