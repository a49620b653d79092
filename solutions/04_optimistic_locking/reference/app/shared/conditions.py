"""Versions as HTTP carries them: entity tags, and the condition If-Match (RFC 9110, sections 8.8.3 and 13.1.1)."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.shared.errors import MalformedHeaderError, MissingConditionError

# Between the quotes stands any visible character but a quote; a comma is one of them.
TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
TAGS = re.compile(rf"{TAG}(?:[ \t]*,[ \t]*{TAG})*")
NUMBER = re.compile(r'"([1-9][0-9]{0,18})"')
LARGEST = 2**63 - 1


def entity_tag(version: int) -> str:
    """Return the strong entity tag of a version."""
    return f'"{version}"'


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The versions that a client would change: any (`*`), or these.

    Weak tags, tags that are no number and numbers that no bigint holds are left out, since no version matches them.
    """

    versions: frozenset[int] = frozenset()
    any_version: bool = False

    def matches(self, version: int) -> bool:
        """Whether the client would change this version."""
        return self.any_version or version in self.versions


async def read_if_match(request: Request) -> IfMatch:
    """Read If-Match; MissingConditionError without it, MalformedHeaderError where it is no `*` and no list of tags."""
    fields = request.headers.getlist("if-match")
    if not fields:
        raise MissingConditionError
    value = ", ".join(fields).strip(" \t")
    if value == "*":
        return IfMatch(any_version=True)
    if not TAGS.fullmatch(value):
        raise MalformedHeaderError("If-Match")
    strong = (NUMBER.fullmatch(tag) for tag in re.findall(TAG, value))
    return IfMatch(frozenset(number for tag in strong if tag and (number := int(tag[1])) <= LARGEST))


Condition = Annotated[IfMatch, Depends(read_if_match)]
