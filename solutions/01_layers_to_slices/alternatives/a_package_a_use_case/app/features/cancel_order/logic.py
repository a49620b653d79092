"""What may be cancelled."""

from datetime import datetime

from app.shared.errors import ConflictError

MOST = 10_000


def require_open(cancelled_at: datetime | None) -> None:
    """Raise ConflictError where the order is cancelled already."""
    if cancelled_at is not None:
        raise ConflictError(kind="already-cancelled", detail="This order is cancelled already.")


def with_returned(stock: int, quantity: int) -> int:
    """Return the stock with copies put back; ConflictError where the shelf does not hold them."""
    if stock + quantity > MOST:
        raise ConflictError(kind="too-much-stock", detail=f"The shelf holds {MOST} copies of a book.")
    return stock + quantity
