"""Take a payment for an order, once for each key."""

import logging
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.features.payments.keys import Claim, claim_key, finish, free
from app.features.payments.views import NewPayment, PaymentView
from app.shared.customer import CustomerId
from app.shared.database import Engine
from app.shared.errors import NotFoundError
from app.shared.gateway import Gateway, charge
from app.shared.idempotency import IdempotencyKey

router = APIRouter()
log = logging.getLogger(__name__)

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
    request: Request,
    response: Response,
) -> PaymentView:
    """Claim the key, charge the card, and finish payment and key in one transaction."""
    settings = request.app.state.settings
    async with engine.begin() as connection:
        claimed = await claim_key(connection, customer_id, key, new, settings)
        if isinstance(claimed, Claim):
            order = await connection.execute(FIND_ORDER, {"order_id": new.order_id, "customer_id": customer_id})
            if order.first() is None:
                raise NotFoundError(thing="order", key=new.order_id)
    payment = claimed
    if isinstance(claimed, Claim):
        try:
            charge_id = await charge(gateway, new.amount_cents, key=str(claimed.charge_key))
            async with engine.begin() as connection:
                added = await connection.execute(ADD_PAYMENT, {**new.model_dump(), "charge_id": charge_id})
                payment = PaymentView.model_validate(added.one())
                await connection.execute(ADD_LEDGER_ENTRY, {"payment_id": payment.id, "amount_cents": new.amount_cents})
                await finish(connection, claimed, payment, settings)
        except Exception:
            await _free(engine, claimed)
            raise
    response.headers["Location"] = f"/payments/{payment.id}"
    return payment


async def _free(engine: AsyncEngine, claim: Claim) -> None:
    try:
        async with engine.begin() as connection:
            await free(connection, claim)
    except SQLAlchemyError:
        log.warning("A claim could not be freed; it runs out by itself.", exc_info=True)
