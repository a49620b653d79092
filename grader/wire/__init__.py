"""What travels between a replica and its servers: one proxy for each, and the record of what went through."""

from grader.wire.postgres.proxy import PostgresProxy
from grader.wire.proxy import Cut, Fail, Gate, Upstream
from grader.wire.recorder import CallSite, Category, Recorder, RoundTrip, Statement, Window
from grader.wire.redis.proxy import RedisProxy

__all__ = [
    "CallSite",
    "Category",
    "Cut",
    "Fail",
    "Gate",
    "PostgresProxy",
    "Recorder",
    "RedisProxy",
    "RoundTrip",
    "Statement",
    "Upstream",
    "Window",
]
