"""One module a noun, one class a use case."""
