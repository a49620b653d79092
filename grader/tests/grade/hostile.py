"""Submissions that do harm, each with what its learner must be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import dedent, indent

from grader.kata import SOLUTIONS
from grader.tests.grade.project import KATA

MAIN = (SOLUTIONS / KATA / "reference" / "app" / "main.py").read_text(encoding="utf-8")
SCHEMA = (SOLUTIONS / KATA / "reference" / "schema.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Hostile:
    """Files laid over the reference; the outcome of one check of it, and words that its message must hold."""

    files: dict[str, str | bytes]
    outcome: str
    words: tuple[str, ...] = ()
    links: dict[str, str] = field(default_factory=dict)


def at_import(code: str) -> dict[str, str | bytes]:
    """Run code when app.main is imported."""
    return {"app/main.py": MAIN + "\n" + dedent(code)}


def in_lifespan(code: str) -> dict[str, str | bytes]:
    """Run code when the service starts up."""
    return at_import(
        "import contextlib\n_create = create_app\ndef create_app():\n    app = _create()\n"
        "    inner = app.router.lifespan_context\n    @contextlib.asynccontextmanager\n    async def lifespan(a):\n"
        "        async with inner(a) as state:\n"
        + indent(dedent(code).strip(), " " * 12)
        + "\n            yield state\n"
        "    app.router.lifespan_context = lifespan\n    return app\n"
    )


def in_handler(code: str) -> dict[str, str | bytes]:
    """Run code before each request is handled."""
    return at_import(
        "_create = create_app\ndef create_app():\n    app = _create()\n"
        "    @app.middleware('http')\n    async def harm(request, call_next):\n"
        + indent(dedent(code).strip(), " " * 8)
        + "\n        return await call_next(request)\n    return app\n"
    )


CONNECT = """
import os, psycopg
connections = globals().setdefault("connections", [])
"""
# when its pool has its connections, which go on
TAKE_OVER = """
if request.url.path == "/orders/seven":
    c = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    c.execute("ALTER ROLE CURRENT_USER PASSWORD 'mine'")
    c.close()
"""

CASES = {
    "a syntax error": Hostile(at_import("def broken(:\n    pass"), "blocked", ("SyntaxError", "app/main.py")),
    "no create_app": Hostile({"app/main.py": "app = None\n"}, "blocked", ("create_app",)),
    "no app/main.py": Hostile({"app/main.py": ""}, "blocked", ("create_app",)),
    "create_app returns a text": Hostile({"app/main.py": "def create_app():\n    return 'app'\n"}, "blocked", ("str",)),
    "an exception at import": Hostile(at_import("raise RuntimeError('no luck')"), "blocked", ("no luck",)),
    "an exception in the lifespan": Hostile(in_lifespan("raise RuntimeError('no luck')"), "blocked", ("no luck",)),
    "an exception in a handler": Hostile(in_handler("raise RuntimeError('no luck')"), "failed", ("500",)),
    "os._exit at import": Hostile(at_import("import os; os._exit(0)"), "blocked", ("status 0",)),
    "os._exit in the lifespan": Hostile(in_lifespan("import os; os._exit(0)"), "blocked", ("status 0",)),
    "os._exit in a handler": Hostile(in_handler("import os; os._exit(0)"), "failed", ("status 0",)),
    "sys.exit in a handler": Hostile(in_handler("import sys; sys.exit(3)"), "failed", ("GET",)),
    "an endless loop at import": Hostile(at_import("while True: pass"), "blocked", ("app/main.py",)),
    "an endless loop in a handler": Hostile(in_handler("while True: pass"), "failed", ("no answer",)),
    "a blocked event loop": Hostile(in_handler("import time; time.sleep(600)"), "failed", ("no answer",)),
    "10 GB of memory": Hostile(in_handler("hoard = bytearray(10 << 30)"), "failed", ("500",)),
    "a fork bomb": Hostile(in_handler("import os\nwhile True: os.fork()"), "failed", ("GET",)),
    "a process left behind": Hostile(
        in_handler("""
            import os, time
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(600)
                os._exit(0)
            """),
        "passed",
    ),
    "a gigabyte on stdout": Hostile(
        at_import(
            "import sys\nfor _ in range(1024): sys.stdout.write('x' * (1 << 20))\nraise SystemExit('that was it')"
        ),
        "blocked",
        ("that was it",),
    ),
    "closed stdout": Hostile(in_lifespan("import os; os.close(1); os.close(2)"), "passed"),
    "10,000 open files": Hostile(in_handler("files = [open('/dev/null') for _ in range(10_000)]"), "failed", ("500",)),
    "200 leaked connections": Hostile(
        in_handler(CONNECT + "for _ in range(200): connections.append(psycopg.connect(os.environ['DATABASE_URL']))"),
        "failed",
        ("500",),
    ),
    "a transaction left open": Hostile(
        in_handler(
            CONNECT + "if not connections:\n    connections.append(psycopg.connect(os.environ['DATABASE_URL']))\n"
            "    connections[0].execute('LOCK TABLE orders')"
        ),
        "failed",
        ("no answer",),
    ),
    "its tables dropped": Hostile(
        in_handler(
            CONNECT + "psycopg.connect(os.environ['DATABASE_URL'], autocommit=True).execute("
            "'DROP TABLE IF EXISTS customers, authors, books, book_authors, orders, order_lines, payments CASCADE')"
        ),
        "failed",
        ("500",),
    ),
    "its database dropped": Hostile(
        in_handler(
            CONNECT + "c = psycopg.connect(os.environ['DATABASE_URL'], autocommit=True)\n"
            "c.execute('DROP DATABASE \"' + c.info.dbname + '\" WITH (FORCE)')"
        ),
        "failed",
        ("500",),
    ),
    "an error in schema.sql": Hostile(
        {"schema.sql": SCHEMA + "\nCREATE TABLE extras (id uuid PRIMARY KY);\n"},
        "blocked",
        ("schema.sql", "KY"),
    ),
    "a database that lets nobody in": Hostile(
        {
            "schema.sql": SCHEMA
            + "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I ALLOW_CONNECTIONS false', current_database()); END $$;"
        },
        "blocked",
        ("cannot disallow connections",),
    ),
    "a trigger that wants to be superuser": Hostile(
        {
            "schema.sql": SCHEMA
            + """
            CREATE FUNCTION rise() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN EXECUTE format('ALTER ROLE %I SUPERUSER', current_user); RETURN NEW; END $$;
            CREATE TRIGGER rise BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION rise();
            """
        },
        "failed",
        ("permission denied",),
    ),
    "a way past the proxy": Hostile(
        in_lifespan("""
            import os, pathlib, psycopg, urllib.parse
            url = urllib.parse.urlsplit(os.environ['DATABASE_URL'])
            lines = pathlib.Path('/proc/net/tcp').read_text().splitlines()[1:]
            ports = {int(l.split()[1].split(':')[1], 16) for l in lines if l.split()[3] == '0A'} - {url.port}
            for port in sorted(ports):
                other = url._replace(netloc=url.netloc.replace(str(url.port), str(port))).geturl()
                try:
                    psycopg.connect(other, connect_timeout=2)
                except psycopg.Error:
                    continue
                raise RuntimeError(f'found a way past the proxy on {port}')
            """),
        "passed",
    ),
    "a password of its own": Hostile(in_handler(CONNECT + TAKE_OVER), "failed", ("password",)),
    "its parent killed": Hostile(in_handler("import os; os.kill(os.getppid(), 9)"), "failed", ("GET",)),
    "another port": Hostile(
        in_lifespan("import socket; global other; other = socket.create_server(('127.0.0.1', 0))"), "passed"
    ),
    "a kata.toml of its own": Hostile(
        {"kata.toml": 'number = 3\nslug = "n_plus_one"\n[[tasks]]\ntitle = "Nothing"\n[tasks.points]\nx = 99\n'},
        "passed",
    ),
    "a broken kata.toml": Hostile({"kata.toml": b"\xff\xfe not toml"}, "passed"),
    "a conftest.py": Hostile({"conftest.py": "import os; os._exit(0)", "app/conftest.py": "1/0"}, "passed"),
    "tests of its own": Hostile({"app/test_mine.py": "import os; os._exit(0)"}, "passed"),
    "a link out of the folder": Hostile({}, "blocked", ("app/way_out",), links={"app/way_out": "/etc"}),
    "a look at the checks": Hostile(
        in_lifespan("""
            try:
                import grader.checks
            except ImportError:
                pass
            else:
                raise RuntimeError('the grader can be imported')
            """),
        "passed",
    ),
    "modules named like standard ones": Hostile(
        {"json.py": "1/0", "asyncio.py": "1/0", "app/shared/select.py": "1/0", "logging/__init__.py": "1/0"}, "passed"
    ),
    "a file that is not UTF-8": Hostile({"app/main.py": MAIN.encode() + b"\nN = 'caf\xe9'\n"}, "blocked", ("utf-8",)),
    "an answer of a gigabyte": Hostile(
        in_handler("from fastapi import Response\nreturn Response(b'x' * (200 << 20))"), "failed", ("64 MB",)
    ),
    "an answer that does not end": Hostile(
        in_handler("""
            from fastapi.responses import StreamingResponse
            async def drip():
                import asyncio
                while True:
                    yield b' '
                    await asyncio.sleep(0.1)
            return StreamingResponse(drip())
            """),
        "failed",
        ("no answer",),
    ),
}
