"""The orders of Lantern Books, and what the warehouse is told of them."""
