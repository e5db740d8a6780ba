"""What is tracked and encoded: plain data, the same for every target."""
