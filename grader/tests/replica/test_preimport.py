"""What is imported before replicas are forked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from grader.replica import Replica

    Start = Callable[..., Awaitable[Replica]]

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVICE = """
    import sys

    BEFORE = set(sys.modules)

    from collections.abc import AsyncIterator
    from typing import Annotated
    from uuid import UUID

    from fastapi import APIRouter, Depends, FastAPI, Query
    from fastapi.responses import JSONResponse
    from pydantic import BaseModel
    from sqlalchemy import select
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, selectinload

    class Base(DeclarativeBase): ...

    class Book(Base):
        __tablename__ = "books"
        id: Mapped[UUID] = mapped_column(primary_key=True)

    class View(BaseModel):
        imported: list[str]

    def plain() -> int:
        return 1

    async def opened() -> AsyncIterator[int]:
        yield 1

    router = APIRouter()

    @router.get("/books/{key}")
    async def show(key: UUID, one: Annotated[int, Depends(plain)], two: Annotated[int, Depends(opened)]) -> View:
        return View(imported=sorted(set(sys.modules) - BEFORE))

    def create_app():
        app = FastAPI()
        app.include_router(router)
        app.state.engine = create_async_engine("postgresql+psycopg://user:password@127.0.0.1/none")
        return app
"""


@pytest.fixture(scope="module")
def method() -> str:
    """Fork; who is spawned imports for himself."""
    return "fork"


async def test_nothing_is_left_for_each_replica_to_import(start: Start, client: httpx.AsyncClient) -> None:
    """Not by the service's parts, and not by the first request, with a dependency that runs in a thread."""
    replica = await start(SERVICE)
    await replica.ready()
    answer = await client.get(f"{replica.url}/books/0198c0de-0000-7000-8000-000000000001")
    assert answer.json() == {"imported": []}
