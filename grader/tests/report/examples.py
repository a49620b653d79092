"""Timelines made by hand: what an explorer finds in a service, in the words a learner reads."""

from __future__ import annotations

from grader.verdict import CheckResult, Finding, Lane, Moment, Outcome, Place, Timeline

READ = Place("app/books.py", 31)
WRITE = Place("app/books.py", 38)

LOST_UPDATE = Timeline(
    title="Two editors who read the same version cannot both save",
    lanes=(Lane("request A · PUT /books/7 price=900", "200"), Lane('request B · PUT /books/7 title="Dune"', "200")),
    moments=(
        Moment(0, "SELECT … WHERE id=7", "→ version 3", READ),
        Moment(1, "SELECT … WHERE id=7", "→ version 3", READ),
        Moment(1, 'UPDATE books SET title="Dune"', "1 row", WRITE),
        Moment(1, "COMMIT"),
        Moment(
            0,
            "UPDATE books SET price=900",
            "1 row",
            WRITE,
            bad=True,
            remark="written from line 1; line 4 changed the row since",
        ),
        Moment(0, "COMMIT"),
    ),
    anomaly="lost update",
    why="A's update does not ask whether the row is still at version 3. B's title is gone.",
    nearest="4 before 1",
    explored="Tried 14 schedules (complete, 4 classes): 12 wrong",
    token="one-of-two-edits-wins:A.BBB.AA",  # noqa: S106 -- a replay token
)

WAITS = Timeline(
    title="The last copy of a book is sold once",
    lanes=(Lane("request A · POST /orders book=7", "201"), Lane("request B · POST /orders book=7", "201")),
    moments=(
        Moment(0, "SELECT stock FROM books WHERE id=7", "→ stock 1", Place("app/features/orders/place.py", 22)),
        Moment(1, "SELECT stock FROM books WHERE id=7", "→ stock 1", Place("app/features/orders/place.py", 22)),
        Moment(0, "UPDATE books SET stock=0 WHERE id=7", "1 row", Place("app/features/orders/place.py", 29)),
        Moment(
            1,
            "UPDATE books SET stock=0 WHERE id=7",
            "1 row",
            Place("app/features/orders/place.py", 29),
            bad=True,
            remark="sells the copy that line 3 sold",
            waited_until=6,
        ),
        Moment(0, "INSERT INTO orders", "1 row", Place("app/features/orders/place.py", 35)),
        Moment(0, "COMMIT"),
        Moment(1, "INSERT INTO orders", "1 row", Place("app/features/orders/place.py", 35)),
        Moment(1, "COMMIT"),
    ),
    anomaly="lost update",
    why="The stock that is written was computed from what was read before the other order's COMMIT.",
    nearest="6 before 2",
    explored="Tried 9 schedules (complete, 3 classes): 6 wrong",
    token="the-last-copy:A.B.A.B.AA.BB",  # noqa: S106 -- a replay token
)

DEADLOCK = Timeline(
    title="Two restocks of the same two books both answer",
    lanes=(Lane("request A · POST /restock books=7,8", "200"), Lane("request B · POST /restock books=8,7", "500")),
    moments=(
        Moment(0, "UPDATE books SET stock=stock+1 WHERE id=7", "1 row", Place("app/stock.py", 12)),
        Moment(1, "UPDATE books SET stock=stock+1 WHERE id=8", "1 row", Place("app/stock.py", 12)),
        Moment(0, "UPDATE books SET stock=stock+1 WHERE id=8", "waits", Place("app/stock.py", 12), waited_until=6),
        Moment(1, "UPDATE books SET stock=stock+1 WHERE id=7", "deadlock", Place("app/stock.py", 12), bad=True),
        Moment(1, "ROLLBACK"),
        Moment(0, "UPDATE books SET stock=stock+1 WHERE id=8", "1 row", Place("app/stock.py", 12)),
        Moment(0, "COMMIT"),
    ),
    anomaly="deadlock",
    why="Each waits for a row that the other has locked; Postgres ends one of them.",
    nearest="3 before 2",
    explored="Tried 6 schedules (complete, 3 classes): 2 wrong",
    token="both-restocks-answer:A.B.A.BB.AA",  # noqa: S106 -- a replay token
)
"""The statement that waited has a moment of its own where it goes on."""

CRASH = Timeline(
    title="After a crash at any point a retry ends with one payment and one charge",
    lanes=(
        Lane("first try on replica A · POST /payments order=5 amount=1900", "no answer"),
        Lane("retry on replica B · POST /payments order=5 amount=1900", "201"),
    ),
    moments=(
        Moment(0, "INSERT INTO claims (customer, key)", "1 row", Place("app/claims.py", 18)),
        Moment(0, "COMMIT"),
        Moment(0, "POST /charges amount=1900", "→ 201 ch_1", Place("app/gateway.py", 41)),
        Moment(0, "replica A killed before its COMMIT", fault=True),
        Moment(1, "SELECT … FROM claims WHERE key='k1'", "→ expired", Place("app/claims.py", 12)),
        Moment(
            1,
            "POST /charges amount=1900",
            "→ 201 ch_2",
            Place("app/gateway.py", 41),
            bad=True,
            remark="a second charge: line 3 had charged the card under another key",
        ),
        Moment(1, "INSERT INTO payments", "1 row", Place("app/payments.py", 60)),
        Moment(1, "COMMIT"),
    ),
    why="The gateway is called with a new key at each attempt, so it cannot tell the retry from a second payment.",
    nearest="the crash before line 3",
    explored="Tried 11 crash points: 1 wrong",
    token="one-charge-after-a-crash:AAA!kill.B",  # noqa: S106 -- a replay token
)

THREE = Timeline(
    title="Three restocks of one book are all counted",
    lanes=(
        Lane("request A · POST /books/7/restock quantity=5", "200"),
        Lane("request B · POST /books/7/restock quantity=3", "200"),
        Lane("request C · DELETE /books/7", "409"),
    ),
    moments=(
        Moment(
            0, "SELECT stock, version FROM books WHERE id=7", "→ stock 10", Place("app/features/books/stock.py", 14)
        ),
        Moment(2, "SELECT … FROM books WHERE id=7 FOR UPDATE", "→ version 3", Place("app/features/books/drop.py", 9)),
        Moment(
            1, "SELECT stock, version FROM books WHERE id=7", "→ stock 10", Place("app/features/books/stock.py", 14)
        ),
        Moment(0, "UPDATE books SET stock=15", "1 row", Place("app/features/books/stock.py", 19), waited_until=6),
        Moment(1, "UPDATE books SET stock=13", "1 row", Place("app/features/books/stock.py", 19), waited_until=7),
        Moment(2, "ROLLBACK"),
        Moment(0, "COMMIT"),
        Moment(1, "COMMIT", bad=True, remark="stock is 13, and must be 18: line 5 wrote what line 3 had read"),
    ),
    anomaly="lost update",
    why="B's restock is computed in Python from a stock that A has changed since.",
    nearest="7 before 3",
    explored="Tried 200 schedules (bounded): 61 wrong",
    token="restocks-are-counted:A.C.B.A.B.C.A.B",  # noqa: S106 -- a replay token
)

LONG = Timeline(
    title="An order that is placed during a read is in the answer whole or not at all, in every interleaving there is",
    lanes=(
        Lane("request A · GET /orders?customer_id=0197a2c5-6b1e-7c33-9d1a-2f6f3f9f1d52&limit=50", "200"),
        Lane("request B · POST /orders", "201"),
    ),
    moments=(
        *(
            Moment(
                0,
                f"SELECT … FROM order_lines WHERE order_lines.order_id = {n} ORDER BY order_lines.position",  # noqa: S608 -- told, never run
                f"{n + 1} rows",
                Place("app/features/orders/views.py", 93),
            )
            for n in range(20)
        ),
        Moment(
            1,
            "INSERT INTO orders (id, customer_id, placed_at) VALUES ('0197a2c5-6b1e-7c33-9d1a-2f6f3f9f1d52')",
            "1 row",
            Place("app/features/orders/place.py", 40),
        ),
        Moment(1, "COMMIT"),
        Moment(
            0,
            "SELECT … FROM payments WHERE payments.order_id = ANY('{0197a2c5-6b1e-7c33-9d1a-2f6f3f9f1d52}')",
            "→ amount_cents 1900, method 'card', paid_at 2026-03-01 10:00:00+00",
            Place("app/features/orders/views.py", 99),
            bad=True,
            remark="reads the payments of an order whose lines it has not read",
        ),
        *(
            Moment(0, f"SELECT … FROM books WHERE id = {n}", "1 row", Place("app/views.py", 83))  # noqa: S608 -- likewise
            for n in range(12)
        ),
    ),
    anomaly="read skew",
    why="The list is read in several statements, and each sees what was committed before it began.",
    nearest="22 before 5",
    explored="Tried 36 schedules (complete, 12 classes): 11 wrong",
    token="read-whole-or-not:" + "A" * 20 + ".BB." + "A" * 13,
)

EXAMPLES = {
    "two-lanes": LOST_UPDATE,
    "waits": WAITS,
    "deadlock": DEADLOCK,
    "crash": CRASH,
    "three-lanes": THREE,
    "long": LONG,
}


def finding(timeline: Timeline) -> Finding:
    """Return a finding with this timeline."""
    return Finding(
        "sent both saves, each to a replica of its own, in every interleaving of their statements",
        "both were answered 200, and the title of B is gone",
        "exactly one of the two saves is answered 200, the other 412",
        timeline=timeline,
    )


def result(timeline: Timeline) -> CheckResult:
    """Return the result of a race check that failed with this timeline."""
    return CheckResult(
        "one-of-two-edits-wins",
        timeline.title,
        2,
        "race",
        4,
        Outcome.FAILED,
        finding=finding(timeline),
        schedules=14,
        classes=4,
        complete=True,
    )
