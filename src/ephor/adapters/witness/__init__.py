"""A witness's key and memory on disk, and the way to other witnesses over HTTP."""
