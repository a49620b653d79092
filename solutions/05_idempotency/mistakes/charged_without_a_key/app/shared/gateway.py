"""The way to the payment gateway."""

from http import HTTPStatus
from typing import Annotated

import httpx
from fastapi import Depends, Request

from app.shared.errors import RefusedError


def make_gateway(gateway_url: str) -> httpx.AsyncClient:
    """Make a client for the gateway at this address; it waits 5 s for an answer and sends nothing twice."""
    return httpx.AsyncClient(base_url=gateway_url, timeout=5.0)


async def charge(gateway: httpx.AsyncClient, amount_cents: int) -> str:
    """Charge the customer's card and return the charge's id.

    Raises RefusedError (502) where the gateway did not say that it charged, which does not mean that it did not.
    """
    try:
        answer = await gateway.post("/charges", json={"amount_cents": amount_cents})
    except httpx.TransportError as error:
        raise RefusedError(HTTPStatus.BAD_GATEWAY, "gateway-failed", "The gateway gave no answer.") from error
    if answer.status_code != HTTPStatus.CREATED:
        raise RefusedError(HTTPStatus.BAD_GATEWAY, "gateway-failed", f"The gateway answered {answer.status_code}.")
    return str(answer.json()["charge_id"])


async def get_gateway(request: Request) -> httpx.AsyncClient:
    """Give the client that the service holds."""
    gateway: httpx.AsyncClient = request.app.state.gateway
    return gateway


Gateway = Annotated[httpx.AsyncClient, Depends(get_gateway)]
