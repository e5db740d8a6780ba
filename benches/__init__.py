"""Benchmarks against the official tracker and against the fastest JSON and base64 libraries."""
