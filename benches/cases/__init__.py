"""One module a question; each returns a table."""
