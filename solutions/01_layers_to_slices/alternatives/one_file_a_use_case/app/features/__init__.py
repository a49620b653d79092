"""One module a use case: what it is sent, what it does, what it answers."""
