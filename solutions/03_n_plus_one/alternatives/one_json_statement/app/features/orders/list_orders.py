"""List a customer's orders."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import text

from app.features.orders.in_full import IN_FULL
from app.features.orders.views import OrderPage
from app.shared.database import Snapshot
from app.shared.errors import NotFoundError

router = APIRouter()

# No row: no such customer. A customer without orders is a row with an empty array.
PAGE = text(f"""
    SELECT
        (SELECT count(*) FROM orders WHERE customer_id = customer.id) AS total,
        (
            SELECT coalesce(json_agg(one.document ORDER BY o.placed_at DESC, o.id DESC), '[]')
            FROM (
                SELECT * FROM orders
                WHERE customer_id = customer.id
                ORDER BY placed_at DESC, id DESC
                LIMIT :limit
            ) o
            CROSS JOIN LATERAL ({IN_FULL}) one
        ) AS orders
    FROM customers customer
    WHERE customer.id = :customer_id
""")  # noqa: S608 - the text put in is a constant of this package


@router.get("/orders")
async def list_orders(
    snapshot: Snapshot,
    customer_id: UUID,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> OrderPage:
    """Answer a customer's orders, the newest first."""
    page = (await snapshot.execute(PAGE, {"customer_id": customer_id, "limit": limit})).one_or_none()
    if page is None:
        raise NotFoundError(thing="customer", key=customer_id)
    return OrderPage.model_validate(page)
