"""The order history of Lantern Books."""
