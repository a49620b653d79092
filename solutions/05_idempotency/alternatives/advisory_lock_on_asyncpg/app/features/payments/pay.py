"""Take a payment for an order, once for each key."""

from http import HTTPStatus
from uuid import UUID

import asyncpg
import httpx
from fastapi import APIRouter, Response

from app.features.payments.keys import find_paid, gateway_key, lock_key, remember
from app.features.payments.views import NewPayment, PaymentView
from app.shared.customer import CustomerId
from app.shared.database import Pool
from app.shared.errors import NotFoundError
from app.shared.gateway import Gateway, charge
from app.shared.idempotency import IdempotencyKey

router = APIRouter()

FIND_ORDER = "SELECT id FROM orders WHERE id = $1 AND customer_id = $2"
ADD_PAYMENT = """
    INSERT INTO payments (order_id, amount_cents, charge_id) VALUES ($1, $2, $3)
    RETURNING id, order_id, amount_cents, charge_id, paid_at
"""
ADD_LEDGER_ENTRY = "INSERT INTO ledger_entries (payment_id, amount_cents) VALUES ($1, $2)"


@router.post("/payments", status_code=HTTPStatus.CREATED)
async def pay(  # noqa: PLR0913, PLR0917 - what FastAPI hands in
    new: NewPayment,
    customer_id: CustomerId,
    key: IdempotencyKey,
    pool: Pool,
    gateway: Gateway,
    response: Response,
) -> PaymentView:
    """Answer what was paid with this key, or charge the card and enter the payment, all under the key's lock."""
    async with pool.acquire() as connection, connection.transaction():
        await lock_key(connection, customer_id, key)
        payment = await find_paid(connection, customer_id, key, new)
        if payment is None:
            payment = await _make_payment(connection, customer_id, key, new, gateway)
            await remember(connection, customer_id, key, new, payment)
    response.headers["Location"] = f"/payments/{payment.id}"
    return payment


async def _make_payment(
    connection: asyncpg.Connection, customer_id: UUID, key: str, new: NewPayment, gateway: httpx.AsyncClient
) -> PaymentView:
    if await connection.fetchrow(FIND_ORDER, new.order_id, customer_id) is None:
        raise NotFoundError(thing="order", key=new.order_id)
    # No transaction reaches the gateway. After a crash the next attempt charges again, with the same key,
    # and is given the charge of the first.
    charge_id = await charge(gateway, new.amount_cents, key=gateway_key(customer_id, key))
    added = await connection.fetchrow(ADD_PAYMENT, new.order_id, new.amount_cents, charge_id)
    payment = PaymentView.model_validate(dict(added))
    await connection.execute(ADD_LEDGER_ENTRY, payment.id, new.amount_cents)
    return payment
