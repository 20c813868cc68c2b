"""Records of processing activities: what is done with personal data, why, and on what legal basis."""
