"""Connectors to the data stores that subject requests reach."""
