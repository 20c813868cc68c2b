"""Data subject requests: rights, deadlines, the data map, what to do with each row, and the proof."""
