"""The shop of Lantern Books: customers, stock and orders."""
