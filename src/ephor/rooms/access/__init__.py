"""Who may do what: people who operate the plane, roles of agents, and delegation."""
