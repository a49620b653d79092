"""The comment at the end of a statement that says which line of the submission issued it."""

from __future__ import annotations

import re

from grader.wire.recorder import CallSite

_COMMENT = re.compile(r"\s*/\* katas:([^*]{1,400}):([0-9]{1,9}) \*/\s*\Z")
_MARK = "/* katas:"


def split_call_site(text: str) -> tuple[str, CallSite | None]:
    """Return a statement's text without its call-site comment, and the call site."""
    if _MARK not in text[-450:]:
        return text, None
    found = _COMMENT.search(text, max(0, len(text) - 450))
    if found is None:
        return text, None
    return text[: found.start()], CallSite(found[1], int(found[2]))
