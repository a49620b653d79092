"""A statement as a learner reads it: values in place, the casts that drivers add left out, all else as it was sent."""

from __future__ import annotations

import pytest

from grader.explore.picture import text_of
from grader.wire import Statement


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("UPDATE books SET stock=$1::INTEGER WHERE books.id = $2::UUID", "UPDATE books SET stock=7 WHERE id=8"),
        ("UPDATE t SET a=$1::INTEGER WHERE a = $2::INTEGER AND b IS NULL", "UPDATE t SET a=7 WHERE a=8 AND b IS NULL"),
        ("UPDATE t SET a=$1::TIMESTAMP WITH TIME ZONE WHERE b = $2::DOUBLE PRECISION", "UPDATE t SET a=7 WHERE b=8"),
        ("UPDATE t SET a=$1::TIMESTAMP(6) WITHOUT TIME ZONE WHERE b = $2", "UPDATE t SET a=7 WHERE b=8"),
        ("UPDATE t SET a=$1::timestamp WHERE b = $2::character varying(20)", "UPDATE t SET a=7 WHERE b=8"),
        ("UPDATE t SET a=$1::NUMERIC(10, 2) WHERE b = $2::BIT VARYING", "UPDATE t SET a=7 WHERE b=8"),
        ("UPDATE t SET a=$1 WHERE b = ANY($2::UUID[]) AND c", "UPDATE t SET a=7 WHERE b=ANY(8) AND c"),
        ("INSERT INTO t (a, b) VALUES ($1::VARCHAR, $2::INTEGER) ON CONFLICT DO NOTHING",
         "INSERT INTO t (a, b) VALUES (7, 8) ON CONFLICT DO NOTHING"),
    ],
)  # fmt: skip
def test_casts_are_left_out_and_nothing_else(sent: str, read: str) -> None:
    """A cast that took the words after it with it would read as `stock=7=8`."""
    statement = Statement(number=1, replica="A", connection=1, service="postgres", text=sent, parameters=("7", "8"))

    assert text_of(statement) == read
