def command() -> None:
    """Up."""
