"""How kata 01 reads the shape of code: what follows its brief is accepted, whatever it looks like."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from grader.checks.layers_to_slices import parts, shared
from grader.checks.layers_to_slices.running import Ran
from grader.replica import Edge
from grader.shape import Code, read_code
from grader.verdict import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Read = Callable[[Mapping[str, str]], Code]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read code whose files are given by their names below `app/`."""

    def written(files: Mapping[str, str]) -> Code:
        for name, text in {"__init__.py": "", "main.py": "", **files}.items():
            path = tmp_path / "app" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip(), encoding="utf-8")
        return read_code(tmp_path)

    return written


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("app/__init__.py", ""),
        ("app/main.py", ""),
        ("app/features/__init__.py", ""),
        ("app/features/orders.py", "app/features/orders"),
        ("app/features/orders/__init__.py", "app/features/orders"),
        ("app/features/orders/inner/place.py", "app/features/orders"),
        ("app/shared/__init__.py", "app/shared"),
        ("app/shared/tables/books.py", "app/shared"),
        ("app/services/__init__.py", "app/services"),
        ("app/services/orders.py", "app/services"),
        ("app/helpers.py", "app/helpers"),
        ("app/main/__init__.py", "app/main"),
        ("lib/orders.py", "lib"),
    ],
)
def test_parts(file: str, part: str) -> None:
    """A file belongs to a slice, to what is shared, to a folder left over, or puts the service together."""
    assert parts.part_of(file) == part


@pytest.mark.parametrize(
    "text",
    [
        "from app.features.orders import router\n",
        "from app.features.orders import router as orders\n",
        "from app.features import orders\nROUTERS = [orders.router]\n",
        "from app.features import orders as o\no.router.tags = []\n",
        "import app.features.orders\napp.features.orders.router\n",
        "import app.features.orders as o\no.router\n",
        "from .features import orders\norders.router\n",
        "def f():\n    from app.features.orders import router\n    return router\n",
        "from app.shared import books\nbooks.anything\n",
    ],
)
def test_a_router_may_be_taken(read: Read, text: str) -> None:
    """However main.py writes it, it takes the router."""
    code = read({"main.py": text, "features/orders/__init__.py": "router = 7\n", "shared/books.py": ""})
    assert list(parts.taken_by_wiring(code, ["app/features/orders"])) == []


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("from app.features.orders import place\n", "app.features.orders.place"),
        ("from app.features.orders.routes import router\n", "app.features.orders.routes.router"),
        ("from app.features import orders\n\norders.place()\n", "app.features.orders.place"),
        ("import app.features.orders\napp.features.orders.place\n", "app.features.orders.place"),
        ("import app.features.orders.routes as r\nr.router\n", "app.features.orders.routes.router"),
        ("from .features.orders import place as p\n", "app.features.orders.place"),
    ],
)
def test_nothing_else_may_be_taken(read: Read, text: str, taken: str) -> None:
    """However main.py writes it, what it takes besides is found."""
    code = read({"main.py": text, "features/orders/__init__.py": "router = 7\n", "features/orders/routes.py": ""})
    assert [name for _, name in parts.taken_by_wiring(code, ["app/features/orders"])] == [taken]


@pytest.mark.parametrize(
    ("text", "offers"),
    [
        ("from fastapi import APIRouter\nrouter = APIRouter()\n", True),
        ("router: object = make()\n", True),
        ("from app.features.orders.place import router\n", True),
        ("from .place import orders as router\n", True),
        ("routers = []\n", False),
        ("from .place import router as orders\n", False),
    ],
)
def test_a_slice_binds_router(read: Read, text: str, offers: bool) -> None:  # noqa: FBT001 -- a table of cases
    """A slice offers a router under that name, its own or a module's."""
    assert parts.offers_router(read({"features/orders/__init__.py": text}), "app/features/orders") is offers


def test_a_slice_knows_itself_and_what_is_shared(read: Read) -> None:
    """Imports within a slice, of what is shared, and of packages cross nothing."""
    code = read(
        {
            "main.py": "from app.features import orders\n",
            "features/orders/__init__.py": "from . import place\nfrom app.features.orders.place import f\n",
            "features/orders/place.py": "import json\nfrom app.shared.tables import t\nfrom .views import v\nf = 7\n",
            "features/orders/views.py": "v = 7\n",
            "shared/tables.py": "from app.shared import rows\nt = 7\n",
            "shared/rows.py": "",
        }
    )
    assert parts.crossings(code) == []
    assert parts.left_over(code) == []


@pytest.mark.parametrize(
    ("files", "crossing"),
    [
        (
            {"features/a.py": "def f():\n    from app.features.b import g\n"},
            "app/features/a.py:2 imports app/features/b.py",
        ),
        ({"features/a.py": "from .b import g\n"}, "app/features/a.py:1 imports app/features/b.py"),
        ({"features/a.py": "import app.main\n"}, "app/features/a.py:1 imports app/main.py"),
        ({"features/a.py": "from app import features\n"}, "app/features/a.py:1 imports app/features/"),
        ({"shared/s.py": "from app.features import b\n"}, "app/shared/s.py:1 imports app/features/b.py"),
        ({"features/a.py": "from app import old\n", "old.py": ""}, "app/features/a.py:1 imports app/old.py"),
        (
            {"features/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .b import g\n"},
            "app/features/a.py:3 imports app/features/b.py",
        ),
    ],
)
def test_what_crosses(read: Read, files: Mapping[str, str], crossing: str) -> None:
    """An import that leads from a slice, or from what is shared, to another part is found, wherever it stands."""
    assert [str(one) for one in parts.crossings(read({"features/b.py": "g = 7\n", **files}))] == [crossing]


@pytest.mark.parametrize(
    "text",
    [
        '"""The books that customers order."""\n',
        "# stock and orders\nX = 7  # of a book\n",
        'LAST = "ORDER BY id DESC"\n',
        "def newest(query, column):\n    return query.order_by(column)\n",
        "from collections import OrderedDict\nREORDERED = OrderedDict()\n",
        "from sqlalchemy import Table\nbooks = Table('books', metadata, Column('stock', Integer))\n",
        "import sqlalchemy as sa\norders: sa.Table = sa.Table('orders', metadata)\n",
        "from sqlalchemy import Index\nIndex('orders_by_customer', 1)\n",
        "class Book(Base):\n    'A book.'\n    __tablename__ = 'books'\n    stock: Mapped[int]\n",
        "class Order(Base):\n    __table__ = Table('orders', metadata)\n",
        "from app.shared.tables.books import books\n__all__ = ['books']\n",
        "from .tables import books\n",
        "def f():\n    'Of customers.'\n    return 7\n",
        'PROBLEMS = "https://lantern.example/problems/"\n',
        "class NotFoundError(Exception):\n    def __init__(self, thing, key): ...\n",
    ],
)
def test_shared_code_may_say(read: Read, text: str) -> None:
    """Definitions of tables, comments, docstrings and ORDER BY may speak of the shop."""
    assert list(shared.words(read({"shared/said.py": text}))) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("def place_order(): ...\n", "order"),
        ("class BookNotFoundError(Exception): ...\n", "book"),
        ("def f(customer): ...\n", "customer"),
        ("X = 'SELECT id FROM orders ORDER BY id'\n", "orders"),
        ("X = f'{7} stocks'\n", "stocks"),
        ("from x import stock\n", "stock"),
        ("from x import y as books\n", "books"),
        ("f(customers=7)\n", "customers"),
        ("x.STOCK_LIMIT\n", "stock"),
        ("def f():\n    global orders\n    orders = 7\n", "orders"),
        ("tables = [Table('books', metadata)]\n", "books"),
    ],
)
def test_shared_code_may_not_say(read: Read, text: str, word: str) -> None:
    """Names and texts of all kinds are read, by their words."""
    found = list(shared.words(read({"shared/said.py": text})))
    assert {said for _, said in found} == {word}
    assert all(place.file == "app/shared/said.py" for place, _ in found)


def test_tables_have_no_behaviour(read: Read) -> None:
    """Functions in definitions of tables are found; those of other classes are none of these."""
    code = read(
        {
            "shared/t.py": """
            class Base(DeclarativeBase):
                def key(self): ...

            class Book(Base):
                __tablename__ = "books"

                @property
                def full(self): ...
        """
        }
    )
    assert [name for _, name in shared.behaviour(code)] == ["Book.full"]


def test_who_uses_what_is_shared(read: Read) -> None:
    """Two slices, or main.py, themselves or through another shared file; a package that passes on is none."""
    code = read(
        {
            "main.py": "from app.shared import errors\n",
            "features/a.py": "from app.shared import rows, single\n",
            "features/b/__init__.py": "from app.shared import rows\nfrom app.shared.tables import t\n",
            "features/b/c.py": "from app.shared import single2, single\n",
            "shared/__init__.py": '"""Shared."""\n',
            "shared/errors.py": "from app.shared import kinds\n",
            "shared/kinds.py": "K = 7\n",
            "shared/rows.py": "from app.shared.tables.t import t\n\ndef f(): ...\n",
            "shared/single.py": "S = 7\n",
            "shared/single2.py": "S = 7\n",
            "shared/never.py": "N = 7\n",
            "shared/tables/__init__.py": "from app.shared.tables.t import t\n",
            "shared/tables/t.py": "t = 7\n",
        }
    )
    assert sorted(shared.too_little_used(code)) == [
        ("app/shared/never.py", []),
        ("app/shared/single2.py", ["app/features/b"]),
    ]


def _edge(target: str, *callers: str, request: str = "POST /orders", function: str = "f") -> Edge:
    places = [Place(f"app/{name}.py", 1) for name in (target, *callers)]
    return Edge(places[0], function, tuple(places[1:]), request)


ENTRY = _edge("features/orders/place")


@pytest.mark.parametrize(
    "edges",
    [
        [_edge("shared/database"), ENTRY, _edge("features/orders/views", "features/orders/place")],
        [ENTRY, _edge("shared/retry", "features/orders/place")],
        [ENTRY, _edge("features/orders/views", "shared/retry", "features/orders/place")],
        [_edge("features/orders/place", "shared/middleware", "main")],
        [_edge("features/orders/place", "main", request="", function=""), _edge("shared/errors", "main", request="")],
        [
            _edge("features/orders/place", request="POST /orders"),
            _edge("features/books", request="POST /books/7/restock"),
        ],
    ],
    ids=["its own", "shared", "called back", "through middleware", "starting", "another request"],
)
def test_what_may_run(edges: list[Edge]) -> None:
    """A request runs code of its own slice and what is shared, whoever calls."""
    assert Ran(tuple(edges)).crossings() == []


@pytest.mark.parametrize(
    ("edges", "drawn"),
    [
        (
            [ENTRY, _edge("features/books", "features/orders/place")],
            "POST /orders: app/features/orders/place.py:1 → app/features/books.py:1 (f)",
        ),
        (
            [ENTRY, _edge("features/books", "shared/bus", "features/orders/place")],
            "POST /orders: app/features/orders/place.py:1 → app/shared/bus.py:1 → app/features/books.py:1 (f)",
        ),
        (
            [ENTRY, _edge("features/books", "shared/bus")],
            "POST /orders: app/shared/bus.py:1 → app/features/books.py:1 (f)",
        ),
        ([ENTRY, _edge("features/books")], "POST /orders: the framework, or a task, → app/features/books.py:1 (f)"),
        (
            [ENTRY, _edge("features/books", "features/orders/place", function="")],
            "POST /orders: app/features/orders/place.py:1 → import of app/features/books",
        ),
        (
            [_edge("features/books", "features/orders/place", "main", request="")],
            "while it started: app/features/orders/place.py:1 → app/features/books.py:1 (f)",
        ),
        (
            [_edge("features/books", "main", request="")],
            "while it started: app/main.py:1 → app/features/books.py:1 (f)",
        ),
    ],
    ids=["called", "through a bus", "a task of a bus", "given to the framework", "imported", "starting", "main"],
)
def test_what_may_not_run(edges: list[Edge], drawn: str) -> None:
    """Whatever the way, another slice that is reached is drawn with the lines that led there."""
    assert [str(one) for one in Ran(tuple(edges)).crossings()] == [drawn]
