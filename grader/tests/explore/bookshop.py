"""A bookshop's catalogue, written by hand, and connections to it that no server stands behind."""

from __future__ import annotations

from dataclasses import replace

from grader.explore.catalogue import Catalogue, Column, ForeignKey, Function, Key, Relation, Trigger
from grader.explore.independence import dependent
from grader.explore.session import Session
from grader.explore.values import Footprint, Step
from grader.wire import Category, Statement
from grader.wire.postgres import sql


def _table(name: str, columns: str, *keys: tuple[str, ...]) -> Relation:
    """`columns` are words `name`, `name:type` or `name:type=default`; an integer is the default type."""
    found = {}
    for word in columns.split():
        rest, _, default = word.partition("=")
        short, _, kind = rest.partition(":")
        identity = default == "identity"
        found[short] = Column(short, kind or "integer", None if identity else default or None, identity=identity)
    return Relation(f"public.{name}", "r", found, tuple(Key("_".join((name, *key)), key) for key in keys))


_TABLES = [
    _table("customers", "id name:text", ("id",)),
    _table("books", "id isbn:text title:text stock price version", ("id",), ("isbn",)),
    _table("orders", "id:uuid=uuidv7() customer_id", ("id",)),
    _table("order_lines", "order_id:uuid position book_id quantity", ("order_id", "position")),
    _table("slips", "id order_id:uuid note:text", ("id",)),
    _table("returns", "id order_id:uuid line", ("id",)),
    _table("reviews", "id book_isbn:text", ("id",)),
    _table("counted", "id=identity n", ("id",)),
    _table("numbered", "id=nextval('numbers'::regclass) n", ("id",)),
    _table("keys", "customer_id key:text response:text", ("customer_id", "key")),
    _table("vers", "id title:text version", ("id",)),
    _table("audited", "id note:text", ("id",)),
    _table("audit", "id:uuid=uuidv7() note:text", ("id",)),
    _table("dark", "id", ("id",)),
    _table("loose", "id k", ("id",)),
    _table("bookings", "id room during:other", ("id",)),
]
_REFERENCES = [
    ForeignKey("public.orders", "public.customers", ("customer_id",), ("id",)),
    ForeignKey("public.order_lines", "public.orders", ("order_id",), ("id",), on_delete="c"),
    ForeignKey("public.order_lines", "public.books", ("book_id",), ("id",)),
    ForeignKey("public.slips", "public.orders", ("order_id",), ("id",), on_delete="n", delete_sets=("order_id",)),
    ForeignKey("public.returns", "public.order_lines", ("order_id", "line"), ("order_id", "position"), on_delete="c"),
    ForeignKey("public.reviews", "public.books", ("book_isbn",), ("isbn",), on_update="c"),
]
_FUNCTIONS = {
    "bump": Function("plpgsql", "v", extension=False, source="BEGIN NEW.version := OLD.version + 1; RETURN NEW; END"),
    "note": Function(
        "plpgsql", "v", extension=False, source="BEGIN INSERT INTO audit (note) VALUES (NEW.note); RETURN NULL; END"
    ),
    "murk": Function("plpgsql", "v", extension=False, source="BEGIN EXECUTE 'DELETE FROM ' || TG_ARGV[0]; END"),
    "spend": Function(
        "sql", "v", extension=False, source="UPDATE books SET stock = stock - 1 WHERE id = $1 RETURNING stock"
    ),
    "double": Function("sql", "i", extension=False, source="SELECT 2 * $1"),
    "similarity": Function("c", "i", extension=True, source=""),
    "native": Function("c", "v", extension=False, source=""),
}
_EVERY = frozenset({"insert", "update", "delete"})
_TRIGGERS = {
    "vers": Trigger("EXECUTE FUNCTION bump()", frozenset({"insert", "update"}), before=True),
    "audited": Trigger("EXECUTE FUNCTION note()", _EVERY),
    "dark": Trigger("EXECUTE FUNCTION murk('books')", _EVERY),
}
_KEYS = {
    "loose": (Key("loose_id", ("id",)), Key("loose_k", ("k",), deferrable=True)),
    "bookings": (Key("bookings_id", ("id",)), Key("bookings_during", ("room",), whole=False)),
}


def catalogue(isolation: str = "read committed") -> Catalogue:
    """Return the shop's catalogue."""
    relations = {}
    for table in _TABLES:
        short = table.name.partition(".")[2]
        relations[table.name] = replace(
            table,
            keys=_KEYS.get(short, table.keys),
            references=tuple(key for key in _REFERENCES if key.child == table.name),
            referenced=tuple(key for key in _REFERENCES if key.parent == table.name),
            triggers=tuple(trigger for name, trigger in _TRIGGERS.items() if name == short),
        )
    relations["public.cheap"] = Relation("public.cheap", "v", definition="SELECT id, title FROM books WHERE price < 9")
    relations["public.cheaper"] = Relation(
        "public.cheaper", "v", definition="SELECT id FROM cheap WHERE double(id) < 9"
    )
    relations["public.numbers"] = Relation("public.numbers", "S")
    relations["public.parts"] = Relation("public.parts", strange=True)
    return Catalogue(relations, {name: (function,) for name, function in _FUNCTIONS.items()}, isolation=isolation)


SHOP = catalogue()


class Connection:
    """One connection of an actor: `say` sends a statement, and `would` tells what one would touch."""

    def __init__(self, shop: Catalogue = SHOP, *said: str) -> None:
        self.session = Session(shop)
        self._index = 0
        for text in said:
            self.say(text)

    def would(self, text: str, *parameters: str | bytes | None) -> Footprint:
        """Return what a statement would touch now."""
        return self.session.footprint(self._step(text, parameters))

    def say(
        self, text: str, *parameters: str | bytes | None, error: str | None = None, rows: int | None = None
    ) -> Footprint:
        """Send a statement; noise passes, steps are run."""
        category = sql.read(text).category
        if category in sql.NOISE or category is Category.COPY:
            self.session.noticed(noise(text))
            return Footprint()
        step = self._step(text, parameters)
        self.session.footprint(step)
        return self.session.took(step, error=error, status=self._status(text, error), rows=rows)

    def would_redis(self, text: str, *parameters: str) -> Footprint:
        """Return what a Redis command would touch now; `text` is its first two words."""
        return self.session.footprint(self._redis_step(text, parameters))

    def take_redis(self, text: str, *parameters: str) -> None:
        """Run a Redis command as a step."""
        self.session.took(self._redis_step(text, parameters), error=None, status="")

    def notice_redis(self, text: str, *parameters: str) -> None:
        """Send a Redis command that is no step."""
        self.session.rest()  # the step that was asked about is not run
        self.session.noticed(noise(text, "redis", *parameters))

    def _redis_step(self, text: str, parameters: tuple[str, ...]) -> Step:
        self._index += 1
        return Step("A", self._index, "redis", (text,), (parameters,), Category.STATEMENT)

    def _status(self, text: str, error: str | None) -> str:
        """Return what a server would say of the transaction after a statement."""
        words = text.lower().split()
        stays = sql.read(text).category is Category.STATEMENT or "to" in words or "chain" in words
        return ("E" if error else "T") if self.session.in_transaction and stays else "I"

    def _step(self, text: str, parameters: tuple[str | bytes | None, ...]) -> Step:
        self._index += 1
        return Step("A", self._index, "postgres", (text,), (parameters,), sql.read(text).category)


def noise(text: str, service: str = "postgres", *parameters: str) -> Statement:
    """Return a statement that passes without being a step."""
    category = sql.read(text).category
    return Statement(0, "A", 1, service, text, parameters=parameters, category=category, noise=True, done=True)


def begun(*said: str, shop: Catalogue = SHOP, begin: str = "BEGIN") -> Connection:
    """Return a connection in a transaction that has said this."""
    return Connection(shop, begin, *said)


def meet(one: str | tuple[str, ...], other: str | tuple[str, ...]) -> bool:
    """Whether two statements, each in a transaction of its own that is not ended by them, are dependent."""
    return dependent(_in_transaction(one), _in_transaction(other))


def end_meets(written: str | tuple[str, ...], other: str | tuple[str, ...], end: str = "COMMIT") -> bool:
    """Whether the end of a transaction that said the one is dependent with the other, in a transaction of its own."""
    connection = begun()
    text, *parameters = (written,) if isinstance(written, str) else written
    connection.say(text, *parameters)
    return dependent(connection.would(end), _in_transaction(other))


def _in_transaction(said: str | tuple[str, ...]) -> Footprint:
    text, *parameters = (said,) if isinstance(said, str) else said
    return begun().would(text, *parameters)
