"""Files, folders and databases as sources of text and tables."""
