"""A demonstration: programs and real data are tracked, and a local collector checks the events."""
