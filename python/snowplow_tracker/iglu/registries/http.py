"""`HttpRegistry`: a static registry or an Iglu Server.

https://docs.snowplow.io/docs/api-reference/iglu/iglu-repositories/
"""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from snowplow_tracker.iglu.registries.protocol import RegistryError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import requests

    from snowplow_tracker.iglu.names import SchemaKey

__all__ = ["HttpRegistry"]

_MAX_BYTES = 10 * 2**20


class HttpRegistry:
    """A registry that is asked over HTTP.

    Args:
        uri: Base address; schemas are below `URI/schemas/`. That of an Iglu Server ends in `/api`.
        api_key: Sent in the header `apikey`. Default: none.
        name: Name in failures. Default: the address.
        priority: Smaller numbers are asked first. Default 1.
        vendor_prefixes: Beginnings of vendors that are looked up here first. Default: none.
        timeout: Limits in seconds for the connection, and for each part of the response. Default
            (1, 4).

    Raises:
        ValueError: `uri` is not an address that begins with http:// or https://.
    """

    def __init__(
        self,
        uri: str,
        api_key: str | None = None,
        name: str | None = None,
        priority: float = 1,
        vendor_prefixes: Iterable[str] = (),
        timeout: tuple[float, float] = (1.0, 4.0),
    ) -> None:
        if not uri.startswith(("http://", "https://")):
            raise ValueError(f"uri: must begin with http:// or https://: {uri[:200]!r}")
        self.uri = uri.rstrip("/")
        # Registries that are not asked over HTTP need no requests.
        from snowplow_tracker._http.redact import redact_url  # noqa: PLC0415

        self.name = name or redact_url(self.uri)
        self.priority = priority
        self.vendor_prefixes = tuple(vendor_prefixes)
        self.__headers = {"apikey": api_key} if api_key else {}
        self.__timeout = timeout
        self.__local = threading.local()

    def lookup(self, key: SchemaKey) -> dict[str, Any] | None:
        """Return a schema, or None if the registry answers 404.

        Raises:
            RegistryError: The registry cannot be reached, or gives another answer.
        """
        import requests  # noqa: PLC0415  # takes long to import

        from snowplow_tracker._http.redact import describe  # noqa: PLC0415

        try:
            with self.__session().get(
                f"{self.uri}/schemas/{key.path}",
                headers=self.__headers,
                timeout=self.__timeout,
                stream=True,
            ) as response:
                status, body = (
                    response.status_code,
                    response.raw.read(_MAX_BYTES, decode_content=True),
                )
        except (requests.RequestException, OSError) as error:
            raise RegistryError(describe(error)) from None
        return _schema(status, body)

    def __session(self) -> requests.Session:
        # A Session is not safe to use from several threads.
        import requests  # noqa: PLC0415  # takes long to import

        if not hasattr(self.__local, "session"):
            self.__local.session = requests.Session()
        session: requests.Session = self.__local.session
        return session


def _schema(status: int, body: bytes) -> dict[str, Any] | None:
    if status == HTTPStatus.NOT_FOUND:
        return None
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        text = body[:256].decode(errors="replace")
        raise RegistryError(f"Unexpected server response: {text}")
    if not 200 <= status < 300:  # noqa: PLR2004  # the class of statuses that mean success
        raise RegistryError(f"Unexpected response code: {status}", "ClientFailure")
    try:
        schema = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RegistryError(f"not JSON: {error}", "ClientFailure") from None
    if not isinstance(schema, dict):
        raise RegistryError("a schema must be a JSON object", "ClientFailure")
    return schema
