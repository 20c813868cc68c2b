"""Shipped examples: a small shop with real tools and three agents over it, for the demo and to start from."""
