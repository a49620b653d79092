"""Which keys a Redis command touches, and what a connection has queued and watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.explore.stream_reading import STREAM_COMMANDS, stream_accesses
from grader.explore.values import Access, Footprint, Mode
from grader.wire.recorder import VALUES_CAP

if TYPE_CHECKING:
    from collections.abc import Iterable

REDIS = "redis"
_MODES = {"r": Mode.SHARE, "w": Mode.EXCLUSIVE}


def _table(commands: str) -> dict[str, str]:
    lines = (line.split() for line in commands.splitlines() if line.strip())
    return {name: what for what, *names in lines for name in names}


_COMMANDS = _table("""
    r1 GET STRLEN TTL PTTL TYPE HGET HGETALL HMGET HEXISTS HLEN HKEYS HVALS LRANGE LLEN LINDEX LPOS SMEMBERS
    r1 SISMEMBER SMISMEMBER SCARD SRANDMEMBER ZRANGE ZRANGEBYSCORE ZREVRANGE ZSCORE ZMSCORE ZCARD ZCOUNT ZRANK ZREVRANK
    r1 GETRANGE GETBIT BITCOUNT EXPIRETIME PEXPIRETIME DUMP HSCAN SSCAN ZSCAN HSTRLEN
    w1 SET SETNX SETEX PSETEX GETSET GETDEL GETEX APPEND SETRANGE SETBIT INCR INCRBY INCRBYFLOAT DECR DECRBY EXPIRE
    w1 PEXPIRE EXPIREAT PEXPIREAT PERSIST HSET HSETNX HMSET HDEL HINCRBY HINCRBYFLOAT LPUSH RPUSH LPUSHX RPUSHX LPOP
    w1 RPOP LREM LSET LTRIM LINSERT SADD SREM SPOP ZADD ZREM ZINCRBY ZPOPMIN ZPOPMAX ZREMRANGEBYSCORE
    w1 ZREMRANGEBYRANK RESTORE PFADD
    r* MGET EXISTS TOUCH SINTER SUNION SDIFF WATCH PFCOUNT
    w* DEL UNLINK PFMERGE SINTERSTORE SUNIONSTORE SDIFFSTORE
    w2 RENAME RENAMENX COPY SMOVE LMOVE RPOPLPUSH BLMOVE BRPOPLPUSH
    w- BLPOP BRPOP BZPOPMIN BZPOPMAX
    w: MSET MSETNX
    g- XGROUP XINFO OBJECT MEMORY
    e- EVAL EVALSHA FCALL EVAL_RO EVALSHA_RO FCALL_RO
    a- FLUSHALL FLUSHDB KEYS SCAN DBSIZE RANDOMKEY SWAPDB
    n- PING ECHO TIME SELECT AUTH HELLO CLIENT COMMAND INFO QUIT RESET UNWATCH MULTI DISCARD SCRIPT WAIT LASTSAVE
""")
"""How a command's keys are found: `r` reads, `w` writes; `1` the first word, `2` the first two, `*` all, `-` all but
the last, `:` every other. `g` the second word, `e` as many as the second word says, `a` any,
`n` none."""


class RedisState:
    """What a connection queued since MULTI, and what it watches."""

    def __init__(self) -> None:
        self._queued: Footprint | None = None
        self._watched: frozenset[Access] = frozenset()

    def noticed(self, text: str, parameters: tuple[str | bytes | None, ...]) -> None:
        """Take a command that passed without being a step: MULTI, what it queues, DISCARD, UNWATCH."""
        name = _words(text, parameters)[0]
        match name:
            case "MULTI":
                self._queued = Footprint(service=REDIS)
            case "DISCARD" | "RESET":
                self._queued, self._watched = None, frozenset()
            case "UNWATCH":
                self._watched = frozenset()
            case _ if self._queued is not None:
                self._queued = joined([self._queued, command_footprint(text, parameters)])

    def footprint(self, text: str, parameters: tuple[str | bytes | None, ...]) -> Footprint:
        """Return what a command would touch now."""
        if _words(text, parameters)[0] != "EXEC":
            return command_footprint(text, parameters)
        if self._queued is None or not (self._queued.accesses or self._queued.opaque):
            return Footprint(opaque=True, service=REDIS)  # what it queued was not seen
        return joined([self._queued, Footprint(self._watched, service=REDIS)])

    def took(self, text: str, parameters: tuple[str | bytes | None, ...]) -> None:
        """Take a command that was run as a step."""
        name = _words(text, parameters)[0]
        if name == "EXEC":
            self._queued, self._watched = None, frozenset()
        elif name == "WATCH":
            self._watched |= command_footprint(text, parameters).accesses
        else:
            self.noticed(text, parameters)


def command_footprint(text: str, parameters: tuple[str | bytes | None, ...]) -> Footprint:
    """Return what one command touches. What it writes is there for the others at once; two that read commute."""
    words = _words(text, parameters)
    name, arguments = words[0], words[1:]
    what = _COMMANDS.get(name)
    if (what is None and name not in STREAM_COMMANDS) or len(parameters) >= VALUES_CAP:  # further words were not kept
        return Footprint(opaque=True, service=REDIS)
    try:
        if what is None:
            return Footprint(stream_accesses(REDIS, name, arguments), service=REDIS)
        keys = _keys(what, arguments)
    except (ValueError, IndexError):
        return Footprint(opaque=True, service=REDIS)
    mode = Mode.SHARE if what[0] == "r" or name.endswith("_RO") else Mode.EXCLUSIVE
    if keys is None:
        mode = Mode.SHARE if name in {"KEYS", "SCAN", "DBSIZE", "RANDOMKEY"} else Mode.EXCLUSIVE
        return Footprint(frozenset({Access(REDIS, mode)}), service=REDIS)
    return Footprint(frozenset(Access(REDIS, mode, (f"key={key[:VALUES_CAP]}",)) for key in keys), service=REDIS)


def _keys(what: str, arguments: list[str]) -> list[str] | None:  # noqa: PLR0911 -- one return a way of finding keys
    """Return a command's keys; None where it may be any."""
    match what:
        case "r1" | "w1":
            return [arguments[0]]
        case "w2":
            return [arguments[0], arguments[1]]
        case "r*" | "w*":
            return arguments
        case "w-":
            return arguments[:-1]
        case "w:":
            return arguments[::2]
        case "g-":
            return [arguments[1]]
        case "e-":
            count = int(arguments[1])
            return arguments[2 : 2 + count] or None
        case "a-":
            return None
        case _:
            return []


def _words(text: str, parameters: tuple[str | bytes | None, ...]) -> list[str]:
    """Return a command's words; the recorder keeps the first two in its text, the second with what blanks it has."""
    name, blank, first = text.partition(" ")
    rest = [parameter if isinstance(parameter, str) else "" for parameter in parameters]
    return [name.upper(), *([first] if blank else []), *rest]


def joined(footprints: Iterable[Footprint]) -> Footprint:
    """Return what several steps touch together; they are of one service."""
    every = list(footprints)
    return Footprint(
        frozenset().union(*(one.accesses for one in every)),
        frozenset().union(*(one.published for one in every)),
        ends=any(one.ends for one in every),
        snapshot=any(one.snapshot for one in every),
        serializable=any(one.serializable for one in every),
        deferred=any(one.deferred for one in every),
        opaque=any(one.opaque for one in every),
        service=every[0].service,
    )
