"""Take a payment for an order, once for each key."""

from http import HTTPStatus
from uuid import UUID

import httpx
from fastapi import APIRouter, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.features.payments.keys import gateway_key, remember, take_key
from app.features.payments.views import NewPayment, PaymentView
from app.shared.customer import CustomerId
from app.shared.database import Engine
from app.shared.errors import NotFoundError
from app.shared.gateway import Gateway, charge
from app.shared.idempotency import IdempotencyKey

router = APIRouter()

FIND_ORDER = text("SELECT id FROM orders WHERE id = :order_id AND customer_id = :customer_id")
ADD_PAYMENT = text("""
    INSERT INTO payments (order_id, amount_cents, charge_id)
    VALUES (:order_id, :amount_cents, :charge_id)
    RETURNING id, order_id, amount_cents, charge_id, paid_at
""")
ADD_LEDGER_ENTRY = text("INSERT INTO ledger_entries (payment_id, amount_cents) VALUES (:payment_id, :amount_cents)")


@router.post("/payments", status_code=HTTPStatus.CREATED)
async def pay(  # noqa: PLR0913, PLR0917 - what FastAPI hands in
    new: NewPayment,
    customer_id: CustomerId,
    key: IdempotencyKey,
    engine: Engine,
    gateway: Gateway,
    response: Response,
) -> PaymentView:
    """Answer what was paid with this key, or charge the card and enter the payment, all in one transaction.

    Whatever goes wrong rolls the key back with everything else, so only a payment is ever remembered.
    """
    async with engine.begin() as connection:
        payment = await take_key(connection, customer_id, key, new)
        if payment is not None:
            response.status_code = HTTPStatus.OK
        else:
            payment = await _make_payment(connection, customer_id, key, new, gateway)
            await remember(connection, customer_id, key, payment)
    response.headers["Location"] = f"/payments/{payment.id}"
    return payment


async def _make_payment(
    connection: AsyncConnection, customer_id: UUID, key: str, new: NewPayment, gateway: httpx.AsyncClient
) -> PaymentView:
    order = await connection.execute(FIND_ORDER, {"order_id": new.order_id, "customer_id": customer_id})
    if order.first() is None:
        raise NotFoundError(thing="order", key=new.order_id)
    # No transaction reaches the gateway. After a crash the next attempt charges again, with the same key,
    # and is given the charge of the first.
    charge_id = await charge(gateway, new.amount_cents, key=gateway_key(customer_id, key))
    added = await connection.execute(ADD_PAYMENT, {**new.model_dump(), "charge_id": charge_id})
    payment = PaymentView.model_validate(added.one())
    await connection.execute(ADD_LEDGER_ENTRY, {"payment_id": payment.id, "amount_cents": new.amount_cents})
    return payment
