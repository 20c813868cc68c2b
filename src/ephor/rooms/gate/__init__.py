"""The two checklists: each item judged from facts, never from their absence."""
