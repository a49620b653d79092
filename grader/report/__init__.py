"""One verdict, many renderings."""
