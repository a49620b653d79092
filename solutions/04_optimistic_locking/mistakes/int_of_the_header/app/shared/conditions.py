"""Versions as HTTP carries them: entity tags, and the condition If-Match."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.shared.errors import MissingConditionError


def entity_tag(version: int) -> str:
    """Return the strong entity tag of a version."""
    return f'"{version}"'


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The versions that a client would change."""

    versions: frozenset[int] = frozenset()
    any_version: bool = False


async def read_if_match(request: Request) -> IfMatch:
    """Read If-Match; MissingConditionError where it is absent."""
    value = request.headers.get("if-match")
    if value is None:
        raise MissingConditionError
    return IfMatch(frozenset({int(value.strip('"'))}))


Condition = Annotated[IfMatch, Depends(read_if_match)]
