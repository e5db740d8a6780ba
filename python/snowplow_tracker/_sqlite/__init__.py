"""The parts of `SQLiteEventStore`."""
