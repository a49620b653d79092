"""Show one payment."""

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import text

from app.features.payments.views import PaymentView
from app.shared.customer import CustomerId
from app.shared.database import Engine
from app.shared.errors import NotFoundError

router = APIRouter()

FIND_PAYMENT = text("""
    SELECT payments.id, order_id, amount_cents, charge_id, paid_at
    FROM payments JOIN orders ON orders.id = payments.order_id
    WHERE payments.id = :payment_id AND orders.customer_id = :customer_id
""")


@router.get("/payments/{payment_id}")
async def show_payment(payment_id: UUID, customer_id: CustomerId, engine: Engine) -> PaymentView:
    """Answer one of the customer's payments."""
    async with engine.connect() as connection:
        found = await connection.execute(FIND_PAYMENT, {"payment_id": payment_id, "customer_id": customer_id})
        payment = found.first()
    if payment is None:
        raise NotFoundError(thing="payment", key=payment_id)
    return PaymentView.model_validate(payment)
