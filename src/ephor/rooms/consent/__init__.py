"""Consent: what each data subject said about each purpose, and what follows from it."""
