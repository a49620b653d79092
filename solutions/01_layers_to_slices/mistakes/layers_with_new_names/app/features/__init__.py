"""The features of the shop."""
