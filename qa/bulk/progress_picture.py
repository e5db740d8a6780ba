"""Writes the picture of the progress line: what a real load shows on a terminal.

python -m qa.bulk.progress_picture docs/images/progress.svg
"""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

_RECORDS = 300_000
_COLUMNS = 110
_COLORS = {"32": "#3fb950", "90": "#6e7681", "31": "#f85149", "0": "#e6edf3"}
_CELL = 8.4


def shown_lines() -> list[str]:
    """Run a load on a terminal, and return each state of its progress line."""
    record = {"schema": "iglu:com.acme/order/jsonschema/1-0-0", "data": {"id": 1, "total": 9.5}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.ndjson"
        path.write_text((json.dumps(record) + "\n") * _RECORDS)
        with subprocess.Popen(
            [sys.executable, "-m", "qa.bulk.sink"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as sink:
            assert sink.stdout is not None
            assert sink.stdin is not None
            url = f"http://127.0.0.1:{int(sink.stdout.readline())}"
            text = _on_terminal(["-m", "snowplow_tracker", "send", "-c", url, str(path)])
            sink.stdin.close()
    return [line for line in text.split("\r\x1b[2K") if "delivered" in line and "ETA" in line]


def _on_terminal(arguments: list[str]) -> str:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(_COLUMNS), "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen([sys.executable, *arguments], stderr=theirs, env=environment)
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 65_536)
        except OSError:  # Linux says so when nobody has the terminal any more
            break
        if not part:
            break
        parts.append(part)
    process.wait()
    os.close(ours)
    return b"".join(parts).decode()


def picture(line: str) -> str:
    """Return a line with colours as SVG."""
    spans, color, width = [], _COLORS["0"], 0
    for code, text in re.findall(r"\x1b\[(\d+)m|([^\x1b]+)", line):
        if code:
            color = _COLORS[code]
        else:
            spans.append(f'<tspan fill="{color}">{text.replace("&", "&amp;")}</tspan>')
            width += len(text)
    size = round((width + 4) * _CELL)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} 44" width="{size}">'
        '<rect width="100%" height="100%" rx="6" fill="#0d1117"/>'
        '<text x="17" y="27" font-family="monospace" font-size="14" xml:space="preserve"'
        f' textLength="{round(width * _CELL)}">{"".join(spans)}</text></svg>\n'
    )


if __name__ == "__main__":
    lines = shown_lines()
    Path(sys.argv[1]).write_text(picture(lines[len(lines) * 2 // 3]), encoding="utf-8")
