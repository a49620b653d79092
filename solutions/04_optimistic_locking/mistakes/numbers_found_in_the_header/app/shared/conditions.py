"""Versions as HTTP carries them: entity tags, and the condition If-Match."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.shared.errors import MissingConditionError


def entity_tag(version: int) -> str:
    """Return the strong entity tag of a version."""
    return f'"{version}"'


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The versions that a client would change: any (`*`), or these."""

    versions: frozenset[int] = frozenset()
    any_version: bool = False


async def read_if_match(request: Request) -> IfMatch:
    """Read If-Match; MissingConditionError where it is absent."""
    value = request.headers.get("if-match")
    if value is None:
        raise MissingConditionError
    if value.strip() == "*":
        return IfMatch(any_version=True)
    return IfMatch(frozenset(int(digits) for digits in re.findall(r"[0-9]+", value)))


Condition = Annotated[IfMatch, Depends(read_if_match)]
