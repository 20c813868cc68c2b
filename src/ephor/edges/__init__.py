"""The ways in. They know the engine, and neither each other nor any adapter."""
