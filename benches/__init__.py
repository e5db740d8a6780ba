"""Benchmarks against what this package stands in for, and against the fastest JSON and base64."""
