"""Incidents: what happened, what the law calls it, which clocks run, and what was done."""
