"""One slice a kind of thing; main.py finds them by their folder."""
