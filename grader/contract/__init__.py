"""What every kata must hold: its files, its brief, its checks, and what grading its solutions finds."""
