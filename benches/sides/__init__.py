"""What runs in the process of each side of a comparison."""
