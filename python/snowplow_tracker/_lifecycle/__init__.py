"""Threads, forks and the end of the process. Knows what it calls by protocols alone."""
