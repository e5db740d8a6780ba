"""HTTP: sends one request and returns one result. Knows no emitter."""
