"""How much a shelf holds."""

from app.shared.errors import ConflictError

MOST = 10_000


def with_delivery(stock: int, quantity: int) -> int:
    """Return the stock with copies added; ConflictError where the shelf does not hold them."""
    if stock + quantity > MOST:
        raise ConflictError(kind="too-much-stock", detail=f"The shelf holds {MOST} copies of a book.")
    return stock + quantity
