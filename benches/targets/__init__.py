"""What runs in the process of each target of a comparison."""
