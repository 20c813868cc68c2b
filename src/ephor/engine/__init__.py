"""The use cases: load, decide, record. One module per room; they never call each other."""
