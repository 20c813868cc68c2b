"""Regulation: laws as packs of data, and what a pack says about a system on a day."""
