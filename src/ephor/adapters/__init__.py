"""What touches the world: databases, keys, clocks, files."""
