"""What an agent declares about itself, what changed, and where it stands in its life."""
