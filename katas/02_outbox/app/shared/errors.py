"""Every error leaves the service as problem details (RFC 9457)."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

PROBLEMS = "https://lantern-books.example/problems/"


class NotFoundError(Exception):
    """The thing that a request names does not exist."""

    def __init__(self, thing: str, key: UUID) -> None:
        super().__init__(f"There is no {thing} {key}.")
        self.thing = thing


class ProblemResponse(JSONResponse):
    """A problem document; escapes what is not ASCII, so that a lone surrogate cannot break it."""

    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - the signature is Starlette's
        """Encode the document as JSON."""
        return json.dumps(content, ensure_ascii=True, allow_nan=False).encode("ascii")


def problem(
    status: int,
    *,
    kind: str | None = None,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> ProblemResponse:
    """Make a problem of the given kind; without one the status says all there is to say."""
    document: dict[str, object] = {
        "type": PROBLEMS + kind if kind else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
    }
    if detail is not None:
        document["detail"] = detail
    return ProblemResponse(document | more, status_code=status, headers=headers)


async def on_not_found(_request: Request, error: NotFoundError) -> ProblemResponse:
    """Answer 404 for a thing that does not exist."""
    return problem(HTTPStatus.NOT_FOUND, kind=f"{error.thing}-not-found", detail=str(error))


async def on_invalid_request(_request: Request, error: RequestValidationError) -> ProblemResponse:
    """Answer 422 and say where the fault is, without repeating what was sent."""
    faults = [{"at": list(fault["loc"]), "message": fault["msg"]} for fault in error.errors()]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, kind="invalid-request", errors=faults)


async def on_http_exception(_request: Request, error: HTTPException) -> ProblemResponse:
    """Answer what the framework refuses: no such route, no such method, a body it cannot read."""
    return problem(error.status_code, detail=error.detail, headers=error.headers)


async def on_unexpected(_request: Request, _error: Exception) -> ProblemResponse:
    """Answer 500 and keep the reason to the log."""
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR)


def install(app: FastAPI) -> None:
    """Make the app answer every error as problem details."""
    app.exception_handler(NotFoundError)(on_not_found)
    app.exception_handler(RequestValidationError)(on_invalid_request)
    # Starlette's class, not FastAPI's: the router's own 404 and 405 are of it.
    app.exception_handler(HTTPException)(on_http_exception)
    app.exception_handler(Exception)(on_unexpected)
