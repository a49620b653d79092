"""The payments of Lantern Books."""
