"""Take a payment for an order."""

from http import HTTPStatus

from fastapi import APIRouter, Response
from sqlalchemy import text

from app.features.payments.views import NewPayment, PaymentView
from app.shared.customer import CustomerId
from app.shared.database import Engine
from app.shared.errors import NotFoundError
from app.shared.gateway import Gateway, charge

router = APIRouter()

FIND_ORDER = text("SELECT id FROM orders WHERE id = :order_id AND customer_id = :customer_id")
ADD_PAYMENT = text("""
    INSERT INTO payments (order_id, amount_cents, charge_id)
    VALUES (:order_id, :amount_cents, :charge_id)
    RETURNING id, order_id, amount_cents, charge_id, paid_at
""")
ADD_LEDGER_ENTRY = text("INSERT INTO ledger_entries (payment_id, amount_cents) VALUES (:payment_id, :amount_cents)")


@router.post("/payments", status_code=HTTPStatus.CREATED)
async def pay(
    new: NewPayment, customer_id: CustomerId, engine: Engine, gateway: Gateway, response: Response
) -> PaymentView:
    """Charge the customer's card, and enter the payment and its line in the ledger."""
    async with engine.begin() as connection:
        order = await connection.execute(FIND_ORDER, {"order_id": new.order_id, "customer_id": customer_id})
        if order.first() is None:
            raise NotFoundError(thing="order", key=new.order_id)
        charge_id = await charge(gateway, new.amount_cents)
        added = await connection.execute(ADD_PAYMENT, {**new.model_dump(), "charge_id": charge_id})
        payment = PaymentView.model_validate(added.one())
        await connection.execute(ADD_LEDGER_ENTRY, {"payment_id": payment.id, "amount_cents": new.amount_cents})
    response.headers["Location"] = f"/payments/{payment.id}"
    return payment
