"""Send the rows of Spark DataFrames.

Spark 4 has Python data sources: ``spark.dataSource.register(SnowplowDataSource)``, then
``df.write.format("snowplow")`` or ``df.writeStream.format("snowplow")``. With any version,
``df.foreachPartition(partial(send_partition, options={...}))`` does the same.

It needs the extra ``spark`` on the driver and on the executors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snowplow_tracker.spark.partitions import PartitionError, send_partition

if TYPE_CHECKING:
    from snowplow_tracker.spark.data_source import CommitMessage, SnowplowDataSource

__all__ = ["CommitMessage", "PartitionError", "SnowplowDataSource", "send_partition"]


def __getattr__(name: str) -> Any:
    # Spark before 4.0 has no data sources, but `send_partition` works.
    if name in {"CommitMessage", "SnowplowDataSource"}:
        from snowplow_tracker.spark import data_source  # noqa: PLC0415

        return getattr(data_source, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
