"""Evidence: what people recorded about an agent, of which kind, from when and until when it counts."""
