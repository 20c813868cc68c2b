"""Backups: a plane's tables, encrypted in chunks, with a manifest that is written last."""
