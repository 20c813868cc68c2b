"""Personal data in text and in structured values: found, and masked."""
