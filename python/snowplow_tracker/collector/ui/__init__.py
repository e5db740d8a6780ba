"""The page of the collector at `/micro/ui`.

What an event contains is never markup: the page only sets text, and its Content-Security-Policy
lets the browser run no other script than its own.
"""
