"""What was paid with which key, in Redis."""

import hashlib
from http import HTTPStatus
from uuid import UUID

from pydantic import BaseModel
from redis.asyncio import Redis

from app.features.payments.views import NewPayment, PaymentView
from app.shared.errors import RefusedError

RUNNING = "running"


class Paid(BaseModel):
    """What a key was used for, and the answer."""

    request: NewPayment
    answer: PaymentView


def _name(customer_id: UUID, key: str) -> str:
    return f"paid:{customer_id}:{key}"


async def take_key(
    redis: Redis, customer_id: UUID, key: str, new: NewPayment, claim_seconds: int
) -> PaymentView | None:
    """Take the key, or return what has been paid with it; 409 while it runs, 422 for another payment."""
    name = _name(customer_id, key)
    if await redis.set(name, RUNNING, nx=True, ex=claim_seconds):
        return None
    found = await redis.get(name)
    if found is None or found == RUNNING:
        raise RefusedError(
            HTTPStatus.CONFLICT,
            "payment-under-way",
            "A payment with this key is under way.",
            headers={"Retry-After": "1"},
        )
    paid = Paid.model_validate_json(found)
    if paid.request != new:
        raise RefusedError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency-key-reused", "This key was used for another payment."
        )
    return paid.answer


async def remember(  # noqa: PLR0913, PLR0917 - what is kept, and for how long
    redis: Redis, customer_id: UUID, key: str, new: NewPayment, payment: PaymentView, ttl_seconds: int
) -> None:
    """Keep the payment as the answer to its key."""
    paid = Paid(request=new, answer=payment)
    await redis.set(_name(customer_id, key), paid.model_dump_json(), ex=ttl_seconds)


async def free(redis: Redis, customer_id: UUID, key: str) -> None:
    """Let the next attempt have the key."""
    await redis.delete(_name(customer_id, key))


def gateway_key(customer_id: UUID, key: str) -> str:
    """Return the key to charge with: the same at every attempt, another for every customer, never too long."""
    return hashlib.sha256(f"{customer_id}:{key}".encode()).hexdigest()
