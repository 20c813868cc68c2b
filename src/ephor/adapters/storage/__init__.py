"""Where a plane is kept: SQLite or PostgreSQL, or memory for tests."""
