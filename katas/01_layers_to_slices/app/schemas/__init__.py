"""What is sent and what is answered: one module a kind of thing."""
