"""Show one payment."""

from uuid import UUID

from fastapi import APIRouter

from app.features.payments.views import PaymentView
from app.shared.customer import CustomerId
from app.shared.database import Pool
from app.shared.errors import NotFoundError

router = APIRouter()

FIND_PAYMENT = """
    SELECT payments.id, order_id, amount_cents, charge_id, paid_at
    FROM payments JOIN orders ON orders.id = payments.order_id
    WHERE payments.id = $1 AND orders.customer_id = $2
"""


@router.get("/payments/{payment_id}")
async def show_payment(payment_id: UUID, customer_id: CustomerId, pool: Pool) -> PaymentView:
    """Answer one of the customer's payments."""
    payment = await pool.fetchrow(FIND_PAYMENT, payment_id, customer_id)
    if payment is None:
        raise NotFoundError(thing="payment", key=payment_id)
    return PaymentView.model_validate(dict(payment))
