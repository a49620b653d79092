"""What the shop does with its customers."""

from sqlalchemy.ext.asyncio import AsyncConnection

from app.models.customer import Customer
from app.repositories.customers import CustomerRepository


class CustomerService:
    """Registers customers within one transaction."""

    def __init__(self, transaction: AsyncConnection) -> None:
        self._customers = CustomerRepository(transaction)

    async def register(self, name: str) -> Customer:
        """Take somebody in as a customer."""
        return await self._customers.add(name)
