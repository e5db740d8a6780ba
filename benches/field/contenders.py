"""The libraries of the field: how each is started, and what is not like for like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benches.field import install

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[[Path], list[str]]

__all__ = ["CONTENDERS", "OURS", "Contender"]

OURS = "this package, Emitter"
SNOWPLOW_ID = r'"eid":\s*"([0-9a-f-]{36})"'
MESSAGE_ID = r'"messageId":\s*"([^"]+)"'
TENS = "requests of 10 events, sent by `track()`"
BACKGROUND = "sends on a thread of its own"
NO_ENTITIES = "knows no entities: they are properties of the event"


@dataclass(frozen=True)
class Contender:
    """A library of the field.

    Attributes:
        name: Its name in the tables.
        command: Installs it if need be, and returns what starts it, given the file of the job.
        event_id: A regular expression of the ids that the sink finds in its request bodies.
        differences: What is not like for like.
    """

    name: str
    command: Command
    event_id: str = SNOWPLOW_ID
    differences: list[str] = field(default_factory=list)


def python(module: str, *arguments: str, packages: tuple[str, ...] = ()) -> Command:
    """Return the `command` of a library of Python."""
    return lambda _job: install.python(module, *arguments, packages=packages)


VERSION_1 = ("snowplow-tracker==1.1.0",)
OTLP = ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")

CONTENDERS = [
    Contender(OURS, python("snowplow_1x", "Emitter"), differences=[TENS]),
    Contender(
        "this package, AsyncEmitter",
        python("snowplow_1x", "AsyncEmitter"),
        differences=[f"requests of up to 1 MB; {BACKGROUND}"],
    ),
    Contender(
        "snowplow-tracker 1.1.0, Emitter",
        python("snowplow_1x", "Emitter", packages=VERSION_1),
        differences=[TENS],
    ),
    Contender(
        "snowplow-tracker 1.1.0, AsyncEmitter",
        python("snowplow_1x", "AsyncEmitter", packages=VERSION_1),
        differences=[f"requests of 10 events; {BACKGROUND}"],
    ),
    Contender(
        "snowplow-tracker 0.10.0, Emitter",
        python("snowplow_0x", packages=("snowplow-tracker==0.10.0",)),
        differences=["requests of 10 events by POST; its default is GET, one by one"],
    ),
    Contender(
        "posthog",
        python("posthog", packages=("posthog",)),
        r'"uuid":\s*"([^"]+)"',
        [f"requests of 100 events; {BACKGROUND}", NO_ENTITIES],
    ),
    Contender(
        "segment-analytics-python",
        python("segment", packages=("segment-analytics-python",)),
        MESSAGE_ID,
        [f"requests of 100 events; {BACKGROUND}", NO_ENTITIES],
    ),
    Contender(
        "mixpanel",
        python("mixpanel", packages=("mixpanel",)),
        r'"\$insert_id":\s*"([^"]+)"',
        ["requests of 50 events by `BufferedConsumer`; its default sends each alone", NO_ENTITIES],
    ),
    Contender(
        "amplitude-analytics",
        python("amplitude", packages=("amplitude-analytics",)),
        r'"insert_id":\s*"([^"]+)"',
        [f"requests of 200 events; {BACKGROUND}", NO_ENTITIES],
    ),
    Contender(
        "rudder-sdk-python",
        python("rudder", packages=("rudder-sdk-python",)),
        MESSAGE_ID,
        [f"requests of 100 events, compressed with gzip; {BACKGROUND}", NO_ENTITIES],
    ),
    Contender(
        "opentelemetry-sdk",
        python("opentelemetry", packages=OTLP),
        r"event\.id.{4}([0-9a-f-]{36})",
        [
            f"requests of up to 512 log records with a name, as Protobuf; {BACKGROUND}",
            "gives events no id: the program makes one for each",
            NO_ENTITIES,
        ],
    ),
    Contender(
        "Snowplow for Node",
        install.node,
        differences=[
            "requests of 10 events, sent after the loop that tracks them",
            "a store for all of them; by default it drops all but the last 1,000",
        ],
    ),
    Contender(
        "Snowplow for Java",
        install.java,
        differences=[
            "requests of 50 events, sent by up to 50 threads",
            "the JIT's work counts; Java reports CPU time in steps of 10 ms, 5 µs an event",
        ],
    ),
    Contender(
        "Snowplow for Rust",
        install.rust,
        differences=[
            f"requests of 50 events; {BACKGROUND}",
            "has no page view: a screen view is tracked instead",
        ],
    ),
]
