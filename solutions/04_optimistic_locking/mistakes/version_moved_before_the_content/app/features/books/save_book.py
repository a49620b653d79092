"""Save a book that was edited."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import text

from app.features.books.rows import Book, refusal
from app.features.books.views import BookView, Edition, show
from app.shared.conditions import Condition
from app.shared.errors import NotFoundError

router = APIRouter()

CLAIM = text("""
    UPDATE books
    SET version = version + 1
    WHERE id = :id AND (:any_version OR version = ANY(CAST(:versions AS bigint[])))
    RETURNING version
""")
SAVE = text("""
    UPDATE books
    SET title = :title, price_cents = :price_cents
    WHERE id = :id
    RETURNING id, title, price_cents, stock, CAST(:version AS bigint)
""")


@router.put("/books/{book_id}")
async def save_book(
    request: Request, book_id: UUID, condition: Condition, edition: Edition, response: Response
) -> BookView:
    """Give a book another title and price if it is still the one that was read, and answer it as it is now."""
    claim = {"id": book_id, "any_version": condition.any_version, "versions": list(condition.versions)}
    async with request.app.state.engine.begin() as transaction:
        version = await transaction.scalar(CLAIM, claim)
        if version is None:
            raise await refusal(transaction, book_id)
    changes = {"id": book_id, "title": edition.title, "price_cents": edition.price_cents, "version": version}
    async with request.app.state.engine.begin() as transaction:
        row = (await transaction.execute(SAVE, changes)).one_or_none()
    if row is None:
        raise NotFoundError(thing="book", key=book_id)
    return show(Book(*row), response)
