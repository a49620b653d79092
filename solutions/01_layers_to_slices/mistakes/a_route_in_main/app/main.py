"""The service: its slices put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import insert

from app.features import books, orders
from app.shared import errors
from app.shared.database import Transaction, make_engine
from app.shared.settings import Settings
from app.shared.tables import customers


class NewCustomer(BaseModel):
    """Somebody who is to be a customer. Postgres's text holds no NUL."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class CustomerView(BaseModel):
    """A customer as she is answered."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    name: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold the engine for as long as the service runs."""
    app.state.engine = make_engine(Settings.from_environment().database_url)
    try:
        yield
    finally:
        await app.state.engine.dispose()


def create_app() -> FastAPI:
    """Build the service; the database is not touched before the first request."""
    app = FastAPI(title="Lantern Books: the shop", lifespan=lifespan)
    errors.install(app)
    for slice_ in (books, orders):
        app.include_router(slice_.router)

    @app.post("/customers", status_code=HTTPStatus.CREATED)
    async def register_customer(transaction: Transaction, new: NewCustomer) -> CustomerView:
        written = await transaction.execute(insert(customers).values(name=new.name).returning(customers))
        return CustomerView.model_validate(written.one())

    return app
