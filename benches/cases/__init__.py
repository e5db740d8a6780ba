"""The benchmark cases: each function measures its targets and yields tables."""
