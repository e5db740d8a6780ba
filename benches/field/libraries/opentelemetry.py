"""opentelemetry-sdk: an event is a log record with a name, sent by OTLP over HTTP."""

from __future__ import annotations

from uuid import uuid4

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

from benches.field.job import PAGE, USER_ID
from benches.field.libraries.client import ENTITIES, ORDER_DATA, serve_client


class Client:
    def __init__(self, url: str, _is_encode_only: bool) -> None:
        self._provider = LoggerProvider()
        exporter = OTLPLogExporter(endpoint=f"{url}/v1/logs")
        self._provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
        self._logger = self._provider.get_logger("field")

    def order(self) -> None:
        # The specification of events puts structured data into attributes.
        attributes = {"event.id": str(uuid4()), "user.id": USER_ID, **ORDER_DATA, **ENTITIES}
        self._logger.emit(event_name="order", attributes=attributes)

    def page_view(self) -> None:
        attributes = {"event.id": str(uuid4()), "user.id": USER_ID, **PAGE}
        self._logger.emit(event_name="page view", attributes=attributes)

    def finish(self) -> None:
        self._provider.force_flush()
        self._provider.shutdown()


if __name__ == "__main__":
    serve_client("opentelemetry-sdk", Client)
