"""Retention: how long data must and may be kept, and what stops its deletion."""
