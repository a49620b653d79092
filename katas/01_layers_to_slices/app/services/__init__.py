"""What the shop does: one module a kind of thing."""
