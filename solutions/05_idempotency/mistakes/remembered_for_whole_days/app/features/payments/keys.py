"""Keys: claimed before the work, finished with it, freed when it fails."""

from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.features.payments.views import NewPayment, PaymentView
from app.shared.errors import RefusedError
from app.shared.settings import Settings

SECONDS_OF_A_DAY = 86_400

# Takes a key that is new, one whose claim has run out, or one that has been forgotten. An attempt that follows another
# keeps the key to charge with; a payment after the one that was forgotten gets its own.
CLAIM = text("""
    INSERT INTO idempotency_keys AS known (customer_id, key, request, claim, claimed_until)
    VALUES (:customer_id, :key, :request, :claim, now() + make_interval(secs => :claim_seconds))
    ON CONFLICT (customer_id, key) DO UPDATE
    SET request = excluded.request,
        claim = excluded.claim,
        claimed_until = excluded.claimed_until,
        charge_key = CASE WHEN known.answer IS NULL THEN known.charge_key ELSE uuidv7() END,
        answer = NULL
    WHERE CASE WHEN known.answer IS NULL THEN known.claimed_until <= now() ELSE known.forget_at <= now() END
    RETURNING charge_key
""")
FIND = text("SELECT request, answer FROM idempotency_keys WHERE customer_id = :customer_id AND key = :key")
# The fence: whoever has lost the claim meanwhile changes no row here.
FINISH = text("""
    UPDATE idempotency_keys SET answer = :answer, forget_at = now() + make_interval(days => :ttl_days)
    WHERE customer_id = :customer_id AND key = :key AND claim = :claim AND answer IS NULL
""")
# A COMMIT whose reply was lost may have finished the key; `answer IS NULL` leaves that one alone.
FREE = text("""
    UPDATE idempotency_keys SET claimed_until = '-infinity'
    WHERE customer_id = :customer_id AND key = :key AND claim = :claim AND answer IS NULL
""")


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make the payment of a key, until it is finished, freed, or has run out."""

    customer_id: UUID
    key: str
    token: UUID
    charge_key: UUID

    @property
    def row(self) -> dict[str, object]:
        """The parameters that name the claim in its table."""
        return {"customer_id": self.customer_id, "key": self.key, "claim": self.token}


def _being_paid() -> RefusedError:
    return RefusedError(
        HTTPStatus.CONFLICT,
        "payment-under-way",
        "A payment with this key is under way.",
        headers={"Retry-After": "1"},
    )


async def claim_key(
    connection: AsyncConnection, customer_id: UUID, key: str, new: NewPayment, settings: Settings
) -> Claim | PaymentView:
    """Claim the key, or return what was paid with it; 409 while another attempt has it, 422 for another payment."""
    request, token = new.model_dump_json(), uuid4()
    known = {"customer_id": customer_id, "key": key}
    claim = {"request": request, "claim": token, "claim_seconds": settings.claim_seconds}
    claimed = (await connection.execute(CLAIM, known | claim)).first()
    if claimed is not None:
        return Claim(customer_id, key, token, claimed.charge_key)
    row = (await connection.execute(FIND, known)).one()
    if row.request != request:
        raise RefusedError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency-key-reused", "This key was used for another payment."
        )
    if row.answer is None:
        raise _being_paid()
    return PaymentView.model_validate_json(row.answer)


async def finish(connection: AsyncConnection, claim: Claim, payment: PaymentView, settings: Settings) -> None:
    """Keep the payment as the answer to its key; refuse it where another attempt has taken the claim over."""
    answer = {"answer": payment.model_dump_json(), "ttl_days": settings.idempotency_ttl_seconds // SECONDS_OF_A_DAY}
    finished = await connection.execute(FINISH, claim.row | answer)
    if finished.rowcount == 0:
        raise _being_paid()


async def free(connection: AsyncConnection, claim: Claim) -> None:
    """Let the next attempt have the key at once."""
    await connection.execute(FREE, claim.row)
