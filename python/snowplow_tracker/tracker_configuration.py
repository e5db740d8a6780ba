"""`TrackerConfiguration`: how a tracker that `Snowplow` creates encodes events."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snowplow_tracker.event_view import BeforeSend
    from snowplow_tracker.typing import JsonEncoderFunction

__all__ = ["TrackerConfiguration"]


class TrackerConfiguration:
    """Settings of a tracker for `Snowplow.create_tracker`.

    Args:
        encode_base64: Whether to send self-describing data and contexts as base64, instead of JSON
            text. Default True.
        json_encoder: Called with each object that JSON does not support. Its result is encoded
            instead. Default None: see `Tracker`.
        use_scope: Whether events get the user and the entities of the current scope. Default False.
        before_send: The last hook of each event. Default None: see `Tracker`.
    """

    # `autospec` finds only attributes of the class:
    # https://docs.python.org/3/library/unittest.mock.html#autospeccing
    encode_base64: bool = True
    json_encoder: JsonEncoderFunction | None = None
    use_scope: bool = False
    before_send: BeforeSend | None = None

    def __init__(
        self,
        encode_base64: bool = True,
        json_encoder: JsonEncoderFunction | None = None,
        *,
        use_scope: bool = False,
        before_send: BeforeSend | None = None,
    ) -> None:
        self.encode_base64 = encode_base64
        self.json_encoder = json_encoder
        self.use_scope = use_scope
        self.before_send = before_send

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}"
            f"(encode_base64={self.encode_base64!r}, json_encoder={self.json_encoder!r}, "
            f"use_scope={self.use_scope!r}, before_send={self.before_send!r})"
        )
