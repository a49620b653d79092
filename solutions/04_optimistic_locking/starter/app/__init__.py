"""The back office of Lantern Books."""
