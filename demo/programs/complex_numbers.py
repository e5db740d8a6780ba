"""Version 0.x: a JSON encoder for complex numbers, and a value that it does not support."""

import sys
from json.encoder import JSONEncoder
from typing import Any

from snowplow_tracker import Emitter, SelfDescribingJson, Tracker


def complex_encoder(c: Any) -> Any:
    """Encode a complex number as a list.

    Anything else raises TypeError, since `default` is called without an instance.
    """
    if isinstance(c, complex):
        return [c.real, c.imag]
    return JSONEncoder.default(c)  # type: ignore[call-arg]


def measured(value: Any) -> SelfDescribingJson:
    """Return the data of a measurement."""
    return SelfDescribingJson("iglu:com.example/measured/jsonschema/1-0-0", {"value": value})


e = Emitter("127.0.0.1", port=int(sys.argv[1]), protocol="http")
t = Tracker(e, json_encoder=complex_encoder)

t.track_self_describing_event(measured(3 + 4j))
try:
    t.track_self_describing_event(measured(object()))
except TypeError:
    t.track_unstruct_event(measured("the tracker is still usable"))
