"""Programs that track the job with one library each. Each serves `about` and `deliver`."""
