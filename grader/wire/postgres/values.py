"""Parameters as a reader wants to see them: text, whether they travelled as text or in a known binary format.

Binary formats are those of each type's `send` function; OIDs stand in src/include/catalog/pg_type.dat.
"""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable

_LONG = 1000
"""Bytes of a text from which on it is cut before it is decoded; a recorder keeps fewer characters."""
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_DAY = _EPOCH.date()
_NUMERIC_HEAD = struct.Struct("!HhHH")
_NUMERIC_SIGNS = {0x0000: "", 0x4000: "-", 0xC000: "NaN", 0xD000: "Infinity", 0xF000: "-Infinity"}


def _integer(value: bytes) -> str:
    return str(int.from_bytes(value, "big", signed=True))


def _float4(value: bytes) -> str:
    return format(struct.unpack("!f", value)[0], ".9g")


def _float8(value: bytes) -> str:
    return repr(struct.unpack("!d", value)[0])


def _boolean(value: bytes) -> str:
    return {b"\0": "false", b"\1": "true"}[value]


def _text(value: bytes) -> str:
    return value[:_LONG].decode("utf-8", "replace")


def _uuid(value: bytes) -> str:
    return str(UUID(bytes=value))


def _microseconds(value: bytes) -> timedelta:
    return timedelta(microseconds=struct.unpack("!q", value)[0])


def _timestamp(value: bytes) -> str:
    return (_EPOCH + _microseconds(value)).replace(tzinfo=None).isoformat(" ")


def _timestamptz(value: bytes) -> str:
    return (_EPOCH + _microseconds(value)).isoformat(" ")


def _date(value: bytes) -> str:
    days: int = struct.unpack("!i", value)[0]
    return date.fromordinal(_DAY.toordinal() + days).isoformat()


def _jsonb(value: bytes) -> str:
    return value[1:_LONG].decode("utf-8", "replace")


def _numeric(value: bytes) -> str:
    """Base-10000 digits: their count, the weight of the first, the sign, the decimals to show, then the digits."""
    count, weight, sign, scale = _NUMERIC_HEAD.unpack_from(value)
    if sign not in {0x0000, 0x4000}:
        return _NUMERIC_SIGNS[sign]
    digits = struct.unpack_from(f"!{count}H", value, _NUMERIC_HEAD.size)
    if abs(weight) > 1000 or scale > 1000:  # noqa: PLR2004 -- thousands of digits help nobody
        raise ValueError(value)
    whole = "".join(f"{digits[place] if place < count else 0:04d}" for place in range(weight + 1)).lstrip("0") or "0"
    fraction = "".join(
        f"{digits[place] if 0 <= place < count else 0:04d}" for place in range(weight + 1, weight + 1 + scale // 4 + 1)
    )[:scale]
    return _NUMERIC_SIGNS[sign] + whole + (f".{fraction}" if scale else "")


_DECODERS: dict[int, Callable[[bytes], str]] = {
    16: _boolean,
    18: _text,  # "char"
    19: _text,  # name
    20: _integer,
    21: _integer,
    23: _integer,
    25: _text,
    26: _integer,  # oid
    114: _text,  # json
    700: _float4,
    701: _float8,
    705: _text,  # unknown
    1042: _text,  # bpchar
    1043: _text,  # varchar
    1082: _date,
    1114: _timestamp,
    1184: _timestamptz,
    1700: _numeric,
    2950: _uuid,
    3802: _jsonb,
}


def readable(value: bytes | None, *, binary: bool, oid: int) -> str | bytes | None:
    """Return a parameter as text, or as the bytes it was sent in when its type is not known."""
    if value is None:
        return None
    if not binary:
        return _text(value)
    decoder = _DECODERS.get(oid)
    if decoder is None:
        return value
    try:
        return decoder(value)
    except (struct.error, ValueError, OverflowError, KeyError):
        return value
