"""Parameters in binary formats read as PostgreSQL itself would print them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]  # it ships none
import pytest

from grader.wire.postgres.values import readable

if TYPE_CHECKING:
    from grader.wire import PostgresProxy, Recorder


@pytest.mark.parametrize(
    ("type_name", "value", "text"),
    [
        ("bool", True, "true"),
        ("int2", -3, "-3"),
        ("int8", 1 << 40, "1099511627776"),
        ("float4", 0.5, "0.5"),
        ("float8", 0.1, "0.1"),
        ("text", "ü", "ü"),
        ("varchar", "a", "a"),
        ("uuid", UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ("date", date(1969, 7, 20), "1969-07-20"),
        ("timestamp", datetime(2024, 2, 29, 12, 0, 0, 5), "2024-02-29 12:00:00.000005"),  # noqa: DTZ001 -- the type has no zone
        ("timestamptz", datetime(1999, 1, 1, tzinfo=UTC), "1999-01-01 00:00:00+00:00"),
        ("numeric", Decimal("12345678.90"), "12345678.90"),
        ("numeric", Decimal("-0.00012"), "-0.00012"),
        ("numeric", Decimal(70000), "70000"),
        ("numeric", Decimal("NaN"), "NaN"),
        ("jsonb", '{"a": 1}', '{"a": 1}'),
    ],
)
async def test_a_binary_parameter(
    proxy: PostgresProxy, recorder: Recorder, type_name: str, value: object, text: str
) -> None:
    """A binary parameter of a known type reads as text."""
    connection = await asyncpg.connect(proxy.url)
    await connection.fetch(f"SELECT $1::{type_name}", value)
    await connection.close()
    assert recorder.counted[0].parameters == (text,)


@pytest.mark.parametrize("oid", [16, 21, 700, 701, 1082, 1114, 1184, 1700, 2950])
def test_what_is_not_in_its_format_stays_bytes(oid: int) -> None:
    """What is not in its format stays bytes."""
    assert readable(b"\xff\xff\xff", binary=True, oid=oid) in {b"\xff\xff\xff", "-1"}
