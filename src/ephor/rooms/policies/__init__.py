"""What each use case of an agent demands: its governance policy and the meaning of autonomy."""
