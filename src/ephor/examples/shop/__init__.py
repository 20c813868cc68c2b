"""A customer's own system, on the standard library alone: it knows nothing of Ephor."""
