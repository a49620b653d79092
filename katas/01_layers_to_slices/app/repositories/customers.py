"""The rows of customers."""

from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models.customer import Customer, customers
from app.shared.errors import NotFoundError


class CustomerRepository:
    """Reads and writes customers within one transaction."""

    def __init__(self, transaction: AsyncConnection) -> None:
        self._transaction = transaction

    async def add(self, name: str) -> Customer:
        """Write a customer, whose key the database makes."""
        statement = insert(customers).values(name=name).returning(customers)
        return Customer(*(await self._transaction.execute(statement)).one())

    async def find(self, customer_id: UUID) -> Customer:
        """Read a customer; NotFoundError where there is none."""
        statement = select(customers).where(customers.c.id == customer_id)
        row = (await self._transaction.execute(statement)).one_or_none()
        if row is None:
            raise NotFoundError(thing="customer", key=customer_id)
        return Customer(*row)
