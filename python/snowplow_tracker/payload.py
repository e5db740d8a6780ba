"""`Payload`: the fields of one event."""

from __future__ import annotations

from snowplow_tracker._native import b64, dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from snowplow_tracker.typing import JsonEncoderFunction, PayloadDict

__all__ = ["Payload"]


class Payload:
    """The fields of one event, by their names in the tracker protocol.

    Args:
        dict_: Initial fields, which are copied. Default None.

    Attributes:
        nv_pairs: The fields. You may edit them.
    """

    def __init__(self, dict_: PayloadDict | None = None) -> None:
        self.nv_pairs: PayloadDict = {} if dict_ is None else dict(dict_)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.nv_pairs!r})"

    def add(self, name: str, value: Any) -> None:
        """Set a field. If `value` is None or "", do nothing: an earlier value remains."""
        if value is not None and not (isinstance(value, str) and not value):
            self.nv_pairs[name] = value

    def add_dict(self, dict_: PayloadDict, base64: bool = False) -> None:  # noqa: ARG002 - surface
        """Set several fields with `add`. The parameter `base64` has no effect."""
        for name, value in dict_.items():
            self.add(name, value)

    def add_json(
        self,
        dict_: PayloadDict | None,
        encode_base64: bool,
        type_when_encoded: str,
        type_when_not_encoded: str,
        json_encoder: JsonEncoderFunction | None = None,
    ) -> None:
        """Set a field to JSON. If `dict_` is None or {}, do nothing.

        Args:
            dict_: The data to encode.
            encode_base64: Whether to set URL-safe base64 with padding (RFC 4648, section 5) instead
                of JSON text.
            type_when_encoded: Name of the field with base64.
            type_when_not_encoded: Name of the field with JSON text.
            json_encoder: Called with each object that JSON does not support. Its result is encoded
                instead. Default None: see `Tracker`.

        Raises:
            TypeError: JSON does not support an object, and there is no `json_encoder`.
            ValueError: The data is circular, or nested more than 255 levels deep.
        """
        if dict_ is None or dict_ == {}:
            return
        if encode_base64:
            self.add(type_when_encoded, b64(dict_, json_encoder))
        else:
            self.add(type_when_not_encoded, dumps(dict_, json_encoder).decode())

    def get(self) -> PayloadDict:
        """Return the dict of fields itself, not a copy."""
        return self.nv_pairs
