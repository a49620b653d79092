"""One slice a kind of thing; no slice knows another."""
