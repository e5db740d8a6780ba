"""`Job`: one load, from its inputs to its exit status."""

from __future__ import annotations

import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from snowplow_tracker.bulk import StoppedError, UnavailableError
from snowplow_tracker.bulk.errors import UnreadableError
from snowplow_tracker.cli.checkpoint import Place
from snowplow_tracker.cli.dead_letters import DeadLetterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from snowplow_tracker._native import EncodedLines, LineEncoder
    from snowplow_tracker.bulk import DeadRecord, Report, Sender
    from snowplow_tracker.bulk.inputs import Input, Item
    from snowplow_tracker.cli.checkpoint import Checkpoint
    from snowplow_tracker.cli.dead_letters import DeadLetters
    from snowplow_tracker.cli.progress import Progress

__all__ = ["Job", "Limits", "source_names"]

_DELIVERED, _SOME_LEFT, _TOO_MANY_DEAD, _ALL_REFUSED, _UNAVAILABLE = 0, 1, 3, 4, 5
_TICK_SECONDS = 0.5
_STOPPED_SECONDS = 5.0


class Limits(NamedTuple):
    """How much of the inputs is sent.

    Attributes:
        skip: Records to leave out first.
        limit: Records to send then. None: all.
        dead: Dead records after which to stop. 0: no limit.
        checkpoint_seconds: Time between two checkpoints.
    """

    skip: int = 0
    limit: int | None = None
    dead: int = 0
    checkpoint_seconds: float = 5.0


class Job:
    """Sends the records of inputs.

    Args:
        open_inputs: For each input, a function that opens it at a place.
        letters: Where dead records go.
        checkpoint: Where progress is noted. None: nowhere.
        progress: Where progress is shown. None: nowhere.
        limits: How much is sent.
    """

    def __init__(
        self,
        open_inputs: Sequence[Callable[[Place], Input]],
        letters: DeadLetters,
        checkpoint: Checkpoint | None,
        progress: Progress | None,
        limits: Limits,
    ) -> None:
        self._open_inputs = open_inputs
        self._letters = letters
        self._checkpoint = checkpoint
        self._progress = progress
        self._limits = limits
        self._input: Input | None = None
        self._index = 0
        self._last = checkpoint.start if checkpoint else Place()
        self._signal: int | None = None
        self._is_waiting = False
        self._has_too_many_dead = False
        self._problem: str | None = None
        self._ended = threading.Event()
        self.sender: Sender

    @property
    def is_stopped(self) -> bool:
        """Whether a signal has asked for the end."""
        return self._signal is not None

    @property
    def problem(self) -> str | None:
        """Why the load ended early, if it did."""
        return self._problem

    def bury(self, dead: DeadRecord) -> None:
        """Keep a dead record as a letter."""
        self._letters.add(dead)
        if self._letters.count == self._limits.dead:
            self._has_too_many_dead = True
            self._problem = f"stopped: {self._letters.count} dead records (--max-dead)"
            self.sender.stop()

    # --- the course

    def run(self, sender: Sender) -> tuple[Report, int]:
        """Send all records. Returns the report and the exit status."""
        self.sender = sender
        ticker = threading.Thread(target=self._tick, daemon=True)
        handlers = [
            (number, signal.signal(number, self._on_signal))
            for number in (signal.SIGINT, signal.SIGTERM)
        ]
        ticker.start()
        try:
            self._send()
            self._close()
        finally:
            for number, handler in handlers:
                signal.signal(number, handler)
            self._ended.set()
            ticker.join()
            if self._progress is not None:
                self._progress.clear()
        self._save()
        self._letters.close()
        report = sender.report()
        return report, self._status(report)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        is_second, self._signal = self.is_stopped, number
        self._problem = f"interrupted by {signal.Signals(number).name}"
        self.sender.stop()
        # A wait for standard input would go on. Everything else looks whether it is stopped.
        if is_second or self._is_waiting:
            raise KeyboardInterrupt

    def _send(self) -> None:
        try:
            self._send_all()
        except KeyboardInterrupt:
            if not self.is_stopped:
                raise
        except StoppedError:
            pass
        except (DeadLetterError, UnavailableError) as error:
            self._problem = str(error)

    def _close(self) -> None:
        is_early = self._problem is not None
        try:
            self.sender.close(_STOPPED_SECONDS if is_early else None)
        except DeadLetterError as error:
            self._problem = str(error)
        except KeyboardInterrupt:
            if not self.is_stopped:
                raise

    def _send_all(self) -> None:
        sender, start = self.sender, self._last
        put, reject, encoder = sender.put, sender.reject, sender.line_encoder()
        number, limits = 0, self._limits
        end = sys.maxsize if limits.limit is None else limits.skip + limits.limit
        for index, open_input in enumerate(self._open_inputs[start.input :], start.input):
            with open_input(start if index == start.input else Place(index)) as source:
                self._input, self._index = source, index
                for item in self._items(source, encoder):
                    if not isinstance(item, tuple):
                        first = max(limits.skip - number, 0)
                        last = min(end - number, len(item))
                        if first < last:
                            sender.put_lines(item, index, first, last)
                        number += len(item)
                        if last < len(item):
                            return
                        continue
                    line, offset, record = item
                    number += 1
                    if number <= limits.skip:
                        continue
                    if number > end:
                        return
                    place = (index, line, offset)
                    if isinstance(record, UnreadableError):
                        reject(record.text, "unreadable", [str(record)], place)
                    else:
                        put(record, place)

    def _items(self, source: Input, encoder: LineEncoder | None) -> Iterator[Item | EncodedLines]:
        items = source.items(encoder)
        return items if source.size is not None else self._awaited(items)

    def _awaited(self, items: Iterator[Item | EncodedLines]) -> Iterator[Item | EncodedLines]:
        """Yield items of an input that may keep its reader waiting."""
        while True:
            self._is_waiting = True
            if self.is_stopped:
                return
            item = next(items, None)
            self._is_waiting = False
            if item is None:
                return
            yield item

    # --- beside it

    def _tick(self) -> None:
        interval = self._limits.checkpoint_seconds
        due = time.monotonic() + interval
        while not self._ended.wait(min(_TICK_SECONDS, interval)):
            if self._progress is not None:
                report = self.sender.report()
                self._progress.show(report, self._share(), self._note(report))
            if time.monotonic() >= due:
                self._save()
                due = time.monotonic() + interval

    def _share(self) -> float | None:
        source = self._input
        if source is None or not source.size:
            return None
        share = min(source.position() / source.size, 1.0)
        return (self._index + share) / len(self._open_inputs)

    @staticmethod
    def _note(report: Report) -> str:
        if report.delivered or not report.last_error:
            return ""
        return report.last_error

    def _save(self) -> None:
        if self._checkpoint is None:
            return
        position = self.sender.position
        if position.place is not None:
            self._last = Place(*position.place)
        report = self.sender.report()
        counts = {"read": report.read, "delivered": report.delivered, "dead": report.dead}
        try:
            self._letters.sync()
            self._checkpoint.save(self._last, counts)
        except OSError as error:
            self._problem = f"cannot write the checkpoint: {error.strerror or error}"
            self.sender.stop()

    # --- the end

    def _status(self, report: Report) -> int:
        if self._signal is not None:
            return 128 + self._signal
        if _is_all_refused(report):
            return _ALL_REFUSED
        if self._has_too_many_dead:
            return _TOO_MANY_DEAD
        if report.undelivered and self._is_unavailable(report):
            return _UNAVAILABLE
        if report.dead or report.undelivered or self._problem:
            return _SOME_LEFT
        return _DELIVERED

    def _is_unavailable(self, report: Report) -> bool:
        return report.last_error is not None and "cannot write" not in (self._problem or "")


def _is_all_refused(report: Report) -> bool:
    refusals = [reason for reason in report.reasons if reason.startswith("refused")]
    is_refused = report.refused > 0 and not report.delivered
    return is_refused and all(reason.startswith("refused 4") for reason in refusals)


def source_names(names: Sequence[str]) -> Callable[[Any], tuple[str, int | None]]:
    """Return a function from places of records to the name of the input and the line."""

    def source_of(place: Any) -> tuple[str, int | None]:
        if place is None:
            return "", None
        where = Place(*place)
        return names[where.input], where.line

    return source_of
