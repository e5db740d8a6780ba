"""Programs that run in the process of a target. Each serves tasks: see `serve`."""
