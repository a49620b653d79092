"""What was paid with which key."""

from http import HTTPStatus
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.features.payments.views import NewPayment, PaymentView
from app.shared.errors import RefusedError

# Where another transaction has inserted the same key and is still open, this waits for its end: after a COMMIT
# nothing is inserted here, after a ROLLBACK the key is free again and this transaction has it.
TAKE_KEY = text("""
    INSERT INTO idempotency_keys (customer_id, key, request)
    VALUES (:customer_id, :key, :request)
    ON CONFLICT (customer_id, key) DO NOTHING
""")
FIND_KEY = text("SELECT request, answer FROM idempotency_keys WHERE customer_id = :customer_id AND key = :key")
REMEMBER = text("UPDATE idempotency_keys SET answer = :answer WHERE customer_id = :customer_id AND key = :key")


async def take_key(connection: AsyncConnection, customer_id: UUID, key: str, new: NewPayment) -> PaymentView | None:
    """Take the key for this transaction, or return what has been paid with it; refuse it for another payment."""
    request = new.model_dump_json()
    taken = await connection.execute(TAKE_KEY, {"customer_id": customer_id, "key": key, "request": request})
    if taken.rowcount == 1:
        return None
    # A statement of its own: under READ COMMITTED it sees what the other transaction has committed meanwhile.
    row = (await connection.execute(FIND_KEY, {"customer_id": customer_id, "key": key})).one()
    if row.request != request:
        raise RefusedError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency-key-reused", "This key was used for another payment."
        )
    return PaymentView.model_validate_json(row.answer)


async def remember(connection: AsyncConnection, customer_id: UUID, key: str, payment: PaymentView) -> None:
    """Keep the payment as the answer to its key; it is there if and only if the payment is."""
    answer = payment.model_dump_json()
    await connection.execute(REMEMBER, {"customer_id": customer_id, "key": key, "answer": answer})


def gateway_key(customer_id: UUID, key: str) -> str:
    """Return the key to charge with: the same at every attempt, another for every customer."""
    return f"{customer_id}:{key}"
