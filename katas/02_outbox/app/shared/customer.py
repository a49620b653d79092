"""Who is asking."""

from typing import Annotated
from uuid import UUID

from fastapi import Header

# Set by the sign-in proxy in front of this service, which lets no such header of a client through.
CustomerId = Annotated[UUID, Header(alias="X-Customer-Id")]
