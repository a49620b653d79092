"""The Idempotency-Key header."""

import re
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request

from app.shared.errors import RefusedError

QUOTE = '"'
VISIBLE = re.compile(r"[!-~]{1,255}")


def unquoted(value: str) -> str:
    """Return the key that a header's value stands for: it may come bare or in double quotes."""
    if len(value) > 1 and value.startswith(QUOTE) and value.endswith(QUOTE):
        return value[1:-1]
    return value


async def read_key(request: Request) -> str:
    """Return the request's idempotency key; 400 unless there is one and it is well formed."""
    key = unquoted(request.headers.get("Idempotency-Key", ""))
    if not VISIBLE.fullmatch(key):
        raise RefusedError(
            HTTPStatus.BAD_REQUEST,
            "idempotency-key-invalid",
            "Send an Idempotency-Key of 1 to 255 visible ASCII characters.",
        )
    return key


IdempotencyKey = Annotated[str, Depends(read_key)]
