"""The payment gateway that the service of kata 05 charges through, as its brief describes it."""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from grader.wire.outside import HangUp, Reply

if TYPE_CHECKING:
    from grader.wire.outside import Call

_KEY = re.compile(r"[!-~]{1,255}")


class Fault(Enum):
    """What may go wrong with one call; the value says so in words."""

    REFUSED = "answered 503 and did not charge"
    REFUSED_AFTER = "charged and answered 503"
    HUNG_UP = "hung up and did not charge"
    HUNG_UP_AFTER = "charged and hung up"


@dataclass(frozen=True, slots=True)
class Charge:
    """Money taken from a card; `key` is None where the call had none."""

    id: str
    key: str | None
    amount_cents: int


class Gateway:
    """Charges once for a key, whoever sends it, and never forgets one; a call without a key is a charge of its own.

    Another body for a key is refused with 422. A call whose key is being charged waits for that charge.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew, with no charge, as each schedule and each crash does."""
        self.charges: list[Charge] = []
        self._faults: deque[Fault] = deque()
        self._seconds = 0.0
        self._arrivals = [asyncio.Event(), asyncio.Event()]
        self._running: dict[str, asyncio.Event] = {}

    def fail_next(self, *faults: Fault) -> None:
        """Let these happen to the next calls, one to each."""
        self._faults.extend(faults)

    def answer_late(self, seconds: float) -> None:
        """Keep the first call's answer back until a second call comes, or for so many seconds."""
        self._seconds = seconds

    async def called(self, seconds: float) -> bool:
        """Whether a first call comes within so many seconds."""
        return await _within(seconds, self._arrivals[0])

    async def __call__(self, call: Call) -> Reply:
        """Answer a call."""
        keys = [value for name, value in call.header_list if name == "idempotency-key"]
        amount = _amount(call.body)
        if (call.method, call.path) != ("POST", "/charges"):
            return Reply(404, {"error": "there is POST /charges"})
        if len(keys) > 1 or not all(map(_KEY.fullmatch, keys)) or amount is None:
            return Reply(400, {"error": "send amount_cents, and at most one key of 1 to 255 visible ASCII characters"})
        key = keys[0] if keys else None
        first = not self._arrivals[0].is_set()
        self._arrivals[0 if first else 1].set()
        fault = self._faults.popleft() if self._faults else None
        if fault is Fault.HUNG_UP:
            raise HangUp
        if fault is Fault.REFUSED:
            return Reply(503, {"error": "try again"})
        reply = await self._charge_once(key, amount, late=first)
        if fault is Fault.HUNG_UP_AFTER:
            raise HangUp
        return Reply(503, {"error": "try again"}) if fault is Fault.REFUSED_AFTER else reply

    async def _charge_once(self, key: str | None, amount: int, *, late: bool) -> Reply:
        if key is not None and key in self._running:
            await self._running[key].wait()
        charge = next((charge for charge in self.charges if key is not None and charge.key == key), None)
        if charge is None:
            charge = Charge(f"ch_{len(self.charges) + 1:04d}", key, amount)
            self.charges.append(charge)
            if late and self._seconds:
                await self._keep_back(key)
        if charge.amount_cents != amount:
            return Reply(422, {"error": "this key was used for another charge"})
        return Reply(201, {"charge_id": charge.id})

    async def _keep_back(self, key: str | None) -> None:
        done = asyncio.Event()
        if key is not None:
            self._running[key] = done
        await _within(self._seconds, self._arrivals[1])
        done.set()


def _amount(body: bytes) -> int | None:
    try:
        amount = json.loads(body)["amount_cents"]
    except (ValueError, TypeError, KeyError):
        return None
    return amount if isinstance(amount, int) and not isinstance(amount, bool) and amount > 0 else None


async def _within(seconds: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
