"""The tasks of targets that encode whole documents as JSON."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches.targets.serve import cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["writing_tasks"]


def writing_tasks(dumps: Callable[[Any], str | bytes]) -> dict[str, Callable[..., object]]:
    """Return the tasks `write` and `digest` of a JSON encoder."""

    def write(path: str, calls: int) -> float:
        """Return the CPU seconds of encoding the document of a file once, on average."""
        document = read(path)

        def work() -> None:
            for _ in repeat(None, calls):
                dumps(document)

        return cpu_seconds(work) / calls

    def digest(path: str) -> str:
        """Return a digest of the encoded document, which does not depend on its formatting."""
        meaning = json.dumps(json.loads(dumps(read(path))), sort_keys=True)
        return hashlib.sha256(meaning.encode()).hexdigest()

    return {"write": write, "digest": digest}


@lru_cache(maxsize=1)
def read(path: str) -> Any:
    return json.loads(Path(path).read_bytes())
