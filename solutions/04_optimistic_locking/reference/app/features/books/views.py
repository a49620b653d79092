"""What the back office sends, and what it is answered."""

from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from app.features.books.rows import Book
from app.shared.conditions import entity_tag


class Edition(BaseModel):
    """What an editor saves: the parts of a book that stand on the form. Postgres's text holds no NUL."""

    model_config = ConfigDict(frozen=True)

    title: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    price_cents: Annotated[int, Field(strict=True, ge=0, le=10_000_000)]


class Delivery(BaseModel):
    """Copies that have come in."""

    model_config = ConfigDict(frozen=True)

    quantity: Annotated[int, Field(strict=True, ge=1, le=10_000)]


class BookView(BaseModel):
    """A book as it is answered."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    title: str
    price_cents: int
    stock: int
    version: int


def show(book: Book, response: Response) -> BookView:
    """Describe a book, and name its version in the ETag."""
    response.headers["ETag"] = entity_tag(book.version)
    return BookView.model_validate(book)
