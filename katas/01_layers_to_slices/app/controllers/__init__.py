"""What the service answers: one module a kind of thing."""
