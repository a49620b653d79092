"""Measurements: `just bench` prints them; ratios are of programs run side by side."""
