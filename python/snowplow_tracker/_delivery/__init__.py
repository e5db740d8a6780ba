"""From an accepted event to an acknowledged one. Decides; opens no socket and starts no thread."""
