"""Requirements: every obligation of every law that reaches an agent, answered from what was recorded about it."""
