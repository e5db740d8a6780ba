"""What the parts of one emitter's delivery share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snowplow_tracker._delivery.callbacks import Callbacks
from snowplow_tracker._delivery.circuit_breaker import CircuitBreaker
from snowplow_tracker._delivery.completions import Completions
from snowplow_tracker._delivery.counters import Counters
from snowplow_tracker._delivery.queue import EventQueue
from snowplow_tracker._delivery.state import EmitterState

if TYPE_CHECKING:
    from snowplow_tracker._delivery.host import DeliveryHost

__all__ = ["DeliveryContext"]


class DeliveryContext:
    """The state of one emitter that several parts of its delivery read and change.

    Attributes:
        host: The emitter, with its hooks.
        state: Whether it is open.
        counters: The numbers for `stats`.
        breaker: Which threads may send.
        completions: Wakes threads that wait for a request.
        callbacks: Runs `on_success` and `on_failure`.
        queue: The store.
    """

    def __init__(self, host: DeliveryHost) -> None:
        self.host = host
        self.state = EmitterState()
        self.counters = Counters()
        self.breaker = CircuitBreaker()
        self.completions = Completions()
        self.callbacks = Callbacks(host)
        self.queue = EventQueue(host, self.completions)
