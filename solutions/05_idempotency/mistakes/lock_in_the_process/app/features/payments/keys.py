"""What was paid with which key."""

import hashlib
from http import HTTPStatus
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.features.payments.views import NewPayment, PaymentView
from app.shared.errors import RefusedError

FIND_KEY = text("SELECT request, answer FROM idempotency_keys WHERE customer_id = :customer_id AND key = :key")
REMEMBER = text("""
    INSERT INTO idempotency_keys (customer_id, key, request, answer)
    VALUES (:customer_id, :key, :request, :answer)
""")


async def find_paid(connection: AsyncConnection, customer_id: UUID, key: str, new: NewPayment) -> PaymentView | None:
    """Return what has been paid with the key, or None; refuse the key for another payment."""
    row = (await connection.execute(FIND_KEY, {"customer_id": customer_id, "key": key})).first()
    if row is None:
        return None
    if row.request != new.model_dump_json():
        raise RefusedError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency-key-reused", "This key was used for another payment."
        )
    return PaymentView.model_validate_json(row.answer)


async def remember(
    connection: AsyncConnection, customer_id: UUID, key: str, new: NewPayment, payment: PaymentView
) -> None:
    """Keep the payment as the answer to its key."""
    row = {"customer_id": customer_id, "key": key, "request": new.model_dump_json()}
    await connection.execute(REMEMBER, row | {"answer": payment.model_dump_json()})


def gateway_key(customer_id: UUID, key: str) -> str:
    """Return the key to charge with: the same at every attempt, another for every customer, never too long."""
    return hashlib.sha256(f"{customer_id}:{key}".encode()).hexdigest()
