"""Whether there is enough."""

from app.shared.errors import ConflictError


def without_copies(stock: int, quantity: int) -> int:
    """Return the stock with copies taken; ConflictError where there are not so many."""
    if stock < quantity:
        raise ConflictError(kind="not-enough-stock", detail=f"There are {stock} copies of this book.")
    return stock - quantity
