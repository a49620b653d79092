"""The outside HTTP service: a port for each replica, whose calls a handler answers."""

from grader.wire.outside.service import OutsideService
from grader.wire.outside.values import Call, Handler, HangUp, Reply

__all__ = ["Call", "Handler", "HangUp", "OutsideService", "Reply"]
