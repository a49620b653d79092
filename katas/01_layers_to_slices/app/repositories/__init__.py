"""How rows are read and written: one module a table."""
