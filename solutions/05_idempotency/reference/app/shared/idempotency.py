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
    """Return the request's idempotency key; 400 unless there is one, and only one, and it is well formed."""
    values = request.headers.getlist("Idempotency-Key")
    keys = [unquoted(value) for value in values]
    if len(keys) != 1 or not VISIBLE.fullmatch(keys[0]):
        raise RefusedError(
            HTTPStatus.BAD_REQUEST,
            "idempotency-key-invalid",
            "Send one Idempotency-Key of 1 to 255 visible ASCII characters.",
        )
    return keys[0]


IdempotencyKey = Annotated[str, Depends(read_key)]
