"""The witness that Ephor can be: an HTTP server of its own, beside no plane."""
