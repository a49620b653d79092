"""The Idempotency-Key header."""

from typing import Annotated

from fastapi import Depends, Request

QUOTE = '"'


def unquoted(value: str) -> str:
    """Return the key that a header's value stands for: it may come bare or in double quotes."""
    if len(value) > 1 and value.startswith(QUOTE) and value.endswith(QUOTE):
        return value[1:-1]
    return value


async def read_key(request: Request) -> str:
    """Return the request's idempotency key."""
    return unquoted(request.headers.get("Idempotency-Key", ""))


IdempotencyKey = Annotated[str, Depends(read_key)]
