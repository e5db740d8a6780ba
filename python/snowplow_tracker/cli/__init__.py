"""The command `snowplow-tracker`. The tracker never imports it."""
