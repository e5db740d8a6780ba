"""A demonstration: known programs and real data through the tracker into a local collector."""
