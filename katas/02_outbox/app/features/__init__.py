"""One package a feature."""
