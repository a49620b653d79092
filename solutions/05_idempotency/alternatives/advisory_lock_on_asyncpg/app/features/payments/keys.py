"""What was paid with which key."""

import hashlib
from http import HTTPStatus
from uuid import UUID

import asyncpg

from app.features.payments.views import NewPayment, PaymentView
from app.shared.errors import RefusedError

LOCK_KEY = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
FIND_KEY = "SELECT request, answer FROM idempotency_keys WHERE customer_id = $1 AND key = $2"
REMEMBER = "INSERT INTO idempotency_keys (customer_id, key, request, answer) VALUES ($1, $2, $3, $4)"


async def lock_key(connection: asyncpg.Connection, customer_id: UUID, key: str) -> None:
    """Wait until no other transaction has the key, and have it until this one ends."""
    await connection.execute(LOCK_KEY, f"{customer_id}:{key}")


async def find_paid(connection: asyncpg.Connection, customer_id: UUID, key: str, new: NewPayment) -> PaymentView | None:
    """Return what has been paid with the key, or None; refuse the key for another payment."""
    # After the lock, in a statement of its own: it sees what the transaction before this one has committed.
    row = await connection.fetchrow(FIND_KEY, customer_id, key)
    if row is None:
        return None
    if row["request"] != new.model_dump_json():
        raise RefusedError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency-key-reused", "This key was used for another payment."
        )
    return PaymentView.model_validate_json(row["answer"])


async def remember(
    connection: asyncpg.Connection, customer_id: UUID, key: str, new: NewPayment, payment: PaymentView
) -> None:
    """Keep the payment as the answer to its key."""
    await connection.execute(REMEMBER, customer_id, key, new.model_dump_json(), payment.model_dump_json())


def gateway_key(customer_id: UUID, key: str) -> str:
    """Return the key to charge with: the same at every attempt, another for every customer, never too long."""
    return hashlib.sha256(f"{customer_id}:{key}".encode()).hexdigest()
