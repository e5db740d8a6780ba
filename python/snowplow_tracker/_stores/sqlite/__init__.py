"""The durable store: events in a SQLite file that threads and processes share."""
