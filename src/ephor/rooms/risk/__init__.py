"""What can go wrong with an agent, how bad that would be, and what controls take off it."""
