"""Storage in memory, for tests and for trying things."""
