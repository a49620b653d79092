"""What was done to one book, and what must hold of it then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.checks import require
from grader.checks.optimistic_locking.books import Book, Edition, read, tag_of
from grader.lab import raised
from grader.verdict import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.lab import Answer, Lab, Request

OK, NO_CONTENT, MALFORMED, NOT_FOUND, STALE, INVALID, UNCONDITIONAL = 200, 204, 400, 404, 412, 422, 428


@dataclass(frozen=True, slots=True)
class Shown:
    """A book as an answer shows it; `version` is that of its body and of its ETag."""

    edition: Edition
    stock: int
    version: int

    @property
    def tag(self) -> str:
        """The entity tag that the answer carried."""
        return tag_of(self.version)

    def __str__(self) -> str:
        return f"{self.edition}, stock {self.stock}, version {self.version}"


@dataclass(frozen=True, slots=True)
class Story:
    """A book, and what the grader does to it, in words that follow "The grader".

    `subject` names the request that is judged, where its method does not say which one it is.
    """

    book: Book
    done: str
    subject: str = ""

    def require(self, holds: bool, seen: str, expected: str, *evidence: Evidence) -> None:  # noqa: FBT001 -- as require()
        """Raise a Finding of this story unless `holds`."""
        require(holds, done=self.done, seen=seen, expected=expected, evidence=evidence)

    def status(self, answer: Answer, *statuses: int) -> int:
        """Return the status, which must be one of these; a refusal must be a problem document."""
        wanted = " or ".join(map(str, statuses))
        subject = self.subject or answer.request.method
        self.require(
            answer.status in statuses,
            f"{subject} answered {answer.status}",
            f"{subject} answers {wanted} here",
            *_body(answer),
            *(raised(answer.log) if answer.status >= 500 else ()),  # noqa: PLR2004 -- where the service's own errors begin
        )
        if answer.status >= MALFORMED:
            self._require_problem(answer)
        return answer.status

    def _require_problem(self, answer: Answer) -> None:
        body = answer.expect(answer.status)
        problem = body if isinstance(body, dict) else {}
        kind = answer.headers.get("content-type", "of no type")
        self.require(
            kind.startswith("application/problem+json") and problem.get("status") == answer.status,
            f"the body of the {answer.status} is {kind} with status {problem.get('status')}",
            "a refusal is a problem document (application/problem+json) whose status is that of the answer",
            *_body(answer),
        )
        self.require(
            answer.status != STALE or str(problem.get("type")).endswith("stale-object"),
            f"the problem's type is {problem.get('type')}",
            "the type of a 412 ends in stale-object",
            *_body(answer),
        )

    def shown(self, answer: Answer) -> Shown:
        """Return the book that an answer shows, which must be a 200 with the ETag of its version."""
        self.status(answer, OK)
        body = answer.expect(OK)
        fields = {"title": str, "price_cents": int, "stock": int, "version": int}
        wrong = [
            name for name, kind in fields.items() if not isinstance(body, dict) or type(body.get(name)) is not kind
        ]
        self.require(
            not wrong,
            f"the answer has no {', no '.join(wrong)} of the right type",
            "a book is answered with its title, price_cents, stock and version",
            *_body(answer),
        )
        tag, version = answer.headers.get("etag"), body["version"]
        self.require(
            tag == tag_of(version),
            f"the answer to {answer.request.method} has version {version} and the ETag {tag}",
            f"the ETag is the version between quotes, and nothing else: {tag_of(version)}",
        )
        return Shown(Edition(body["title"], body["price_cents"]), body["stock"], version)

    def saved(self, answer: Answer, edition: Edition) -> Shown:
        """Return the book that a save was answered with, which must be what it saved."""
        shown = self.shown(answer)
        self.require(
            shown.edition == edition,
            f"a save of {edition} was answered with {shown.edition}",
            "the answer to a save carries the title and the price that this save wrote",
        )
        return shown

    async def send(self, lab: Lab, request: Request, *statuses: int, to: str = "A") -> Answer:
        """Return the answer to a request, which must have one of these statuses."""
        answer = await lab.send(request, to=to)
        self.status(answer, *statuses)
        return answer

    async def look(self, lab: Lab, to: str = "A") -> Shown | None:
        """Return the book as GET shows it, None where it is gone; what GET shows must be what the row holds."""
        answer = await self.send(lab, read(self.book), OK, NOT_FOUND, to=to)
        if answer.status == NOT_FOUND:
            return None
        now = self.shown(answer)
        rows = await lab.rows.fetch("SELECT title, price_cents, stock FROM books WHERE id = %s", self.book.id)
        self.require(
            rows == [(now.edition.title, now.edition.price_cents, now.stock)],
            f"then GET shows {now}; the row holds {rows[0] if rows else 'nothing'}",
            "GET shows what the row holds",
        )
        return now

    async def see(self, lab: Lab, to: str = "A") -> Shown:
        """Return the book as GET shows it; it must be there."""
        now = await self.look(lab, to)
        self.require(now is not None, "then GET answered 404", "the book is still there")
        assert now is not None  # noqa: S101 -- the type checker does not know what require() does
        return now

    def left(self, now: Shown, edition: Edition, stock: int, because: str) -> None:
        """Require that the book is this edition with this stock now."""
        self.require(
            (now.edition, now.stock) == (edition, stock),
            f"{because}; now the book is {now.edition}, stock {now.stock}",
            f"it is {edition}, stock {stock}",
        )

    def moved(self, now: Shown) -> None:
        """Require that the book has another version than at first."""
        self.require(
            now.version != self.book.version,
            f"the book was changed, and has version {now.version} as before",
            "each change gives the book a version that it has never had",
        )

    def versions(self, now: Shown, made: Sequence[int]) -> None:
        """Require that these versions, in the order of their changes, are all new, and the last the current one."""
        had = [self.book.version, *made]
        answered = " and ".join(map(str, made))
        self.require(
            len(set(had)) == len(had),
            f"the book had version {had[0]}; the changes were answered with {answered}",
            "each change gives the book a version that it has never had",
        )
        self.require(
            now.version == made[-1],
            f"the last change was answered with version {made[-1]}; GET shows version {now.version}",
            "the ETag in the answer to a change is the one that the next save needs",
        )


def _body(answer: Answer) -> tuple[Evidence, ...]:
    text = answer.body[:400].decode(errors="replace")
    return (Evidence("the answer", (text,)),) if text else ()
