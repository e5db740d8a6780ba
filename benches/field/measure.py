"""`measure`: interleaved rounds of all libraries, and the tables of their figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.field.contenders import OURS
from benches.field.job import ORDER, PAGE_VIEW
from benches.results import OURS as OUR_RATIO
from benches.results import Row, Table
from benches.runner import OutputMismatchError, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benches.field.contenders import Contender
    from benches.runner import Process

__all__ = ["ENCODE_ONLY", "END_TO_END", "METHOD", "measure"]

KINDS = (ORDER, PAGE_VIEW)
END_TO_END, ENCODE_ONLY = "The field, end to end", "The field, encode only"
SIZE, RATIO = "bytes of an order sent", "order, times this package"
METHOD = "the minimum CPU time of interleaved rounds, sending included. See benches/README.md"
EXPLANATIONS = {
    END_TO_END: (
        "CPU time of the process per event, from the first call until the last response of a sink "
        "on the same machine. After each round, the sink checks that the id of each event arrived "
        "exactly once. The settings are the defaults, except where the list of differences says "
        "so. The ratio is the time of an order divided by that of this package with `Emitter`."
    ),
    ENCODE_ONLY: (
        "The same without HTTP: each body is complete, and is dropped where the library would call "
        "its HTTP client. What it takes to form batches and to hand them to threads is included."
    ),
}


def measure(started: Sequence[tuple[Contender, Process]], events: int, rounds: int) -> list[Table]:
    """Return the tables of events that were sent, and of events that were only encoded.

    In each round, each library tracks the same events, one library after the other, and with a new
    client each time.

    Args:
        started: The libraries and their processes.
        events: How many events of a kind each tracks in a round.
        rounds: How many rounds to run.
    """
    least = {
        title: {contender.name: dict.fromkeys(KINDS, float("inf")) for contender, _ in started}
        for title in EXPLANATIONS
    }
    sizes: dict[str, float] = {}
    with Target("sink", "collector") as sink:
        url = sink.call("urls")["responding"]
        for _ in range(rounds):
            for kind in KINDS:
                for contender, process in started:
                    name = contender.name
                    sent, size = _deliver(contender, process, sink, (kind, url, events))
                    encoded = process.call("deliver", kind, None, events)["cpu"] / events
                    for title, seconds in ((END_TO_END, sent), (ENCODE_ONLY, encoded)):
                        figures = least[title][name]
                        figures[kind] = min(figures[kind], seconds * 1e6)
                    sizes.setdefault(name, size)
    return [_table(title, least[title], sizes) for title in EXPLANATIONS]


def _deliver(
    contender: Contender, process: Process, sink: Target, arguments: tuple[str, str, int]
) -> tuple[float, float]:
    """Return the CPU seconds and the bytes of an event that was sent.

    Raises:
        OutputMismatchError: An event does not arrive exactly once.
    """
    events = arguments[-1]
    sink.call("keep")
    seconds = process.call("deliver", *arguments)["cpu"]
    received = sink.call("forget", contender.event_id)
    if (received["events"], received["ids"]) != (events, events):
        raise OutputMismatchError(
            f"{contender.name} sent {events} events, the sink received {received}"
        )
    return seconds / events, received["bytes"] / events


def _table(title: str, figures: dict[str, dict[str, float]], sizes: dict[str, float]) -> Table:
    """Return a row for each library, the fastest first."""
    ours = figures[OURS][ORDER]
    rows = [
        Row(
            name,
            figures[name],
            {OUR_RATIO: figures[name][ORDER] / ours},
            also={SIZE: sizes[name]} if title == END_TO_END else {},
        )
        for name in sorted(figures, key=lambda name: figures[name][ORDER])
    ]
    return Table(title, EXPLANATIONS[title], "µs", RATIO, higher_is_better=True, rows=rows)
