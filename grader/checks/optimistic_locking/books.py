"""A book of the back office: its row, and the requests that read and change it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from grader.lab import Request, get

if TYPE_CHECKING:
    from random import Random


@dataclass(frozen=True, slots=True)
class Edition:
    """What an editor saves."""

    title: str
    price_cents: int

    def __str__(self) -> str:
        return f'"{self.title}" at {self.price_cents}'


@dataclass(frozen=True, slots=True)
class Book:
    """A book as the grader writes it, with a version of the grader's choosing."""

    id: str
    edition: Edition
    stock: int
    version: int

    @property
    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """The rows to write."""
        return {"books": [{"id": self.id, **asdict(self.edition), "stock": self.stock, "version": self.version}]}

    @property
    def tag(self) -> str:
        """The entity tag of its first version."""
        return tag_of(self.version)


FIRST = Edition("Lamps of the North", 1900)
RENAMED = Edition("Lamps of the South", 1900)
REPRICED = Edition("Lamps of the North", 900)
REWRITTEN = Edition("A Field Guide to Lanterns", 2400)


def new_id(random: Random) -> str:
    """Return a key that no row has, a UUID as text."""
    bits = f"{random.getrandbits(128):032x}"
    return f"{bits[:8]}-{bits[8:12]}-7{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"


def new_book(random: Random) -> Book:
    """Return a book that is not written yet."""
    return Book(new_id(random), FIRST, stock=10, version=7)


def tag_of(version: int) -> str:
    """Return the strong entity tag of a version."""
    return f'"{version}"'


def read(book: Book) -> Request:
    """Return the request that reads a book."""
    return get(f"/books/{book.id}")


def save(book: Book, edition: Edition, if_match: str | None) -> Request:
    """Return the request that saves an edition of a book."""
    return Request("PUT", f"/books/{book.id}", json=asdict(edition), headers=_condition(if_match))


def delete(book: Book, if_match: str | None) -> Request:
    """Return the request that deletes a book."""
    return Request("DELETE", f"/books/{book.id}", headers=_condition(if_match))


def restock(book: Book, quantity: int) -> Request:
    """Return the request that puts copies on the shelf."""
    return Request("POST", f"/books/{book.id}/restock", json={"quantity": quantity})


def _condition(if_match: str | None) -> dict[str, str]:
    return {} if if_match is None else {"if-match": if_match}
