"""Take a book out of the range."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.books.rows import read_current
from app.shared.conditions import Condition
from app.shared.database import Changes

router = APIRouter()


@router.delete("/books/{book_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_book(changes: Changes, book_id: UUID, condition: Condition) -> None:
    """Delete a book if it is still the one that was read."""

    async def delete(session: AsyncSession) -> None:
        await session.delete(await read_current(session, book_id, condition))

    await changes(delete)
