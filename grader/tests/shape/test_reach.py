"""The files that a use case stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.shape import footprint, read_code

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Write = Callable[[Mapping[str, str]], Path]

LAYERED = {
    "main.py": """
        from fastapi import FastAPI
        from app import settings
        from app.routes import router

        def create_app():
            app = FastAPI()
            settings.read()
            app.include_router(router, prefix="/v1")
            return app
    """,
    "settings.py": "def read():\n    return 7\n",
    "routes.py": """
        from fastapi import APIRouter
        from app import settings
        from app.service import Service
        from app.views import Shown, Told

        router = APIRouter(prefix="/books")

        @router.get("/{key}")
        async def show(key: int) -> Shown:
            settings.read()
            return Shown(await Service().find(key))

        @router.post("")
        async def add(told: Told):
            Service().keep(told)
    """,
    "service.py": """
        from app import reading
        from app import writing as w

        class Service:
            def find(self, key):
                return reading.one(key)

            def keep(self, told):
                return w.Writer(told).run()

            def never(self):
                return unused()

        def unused():
            return w.other
    """,
    "reading.py": "def one(key):\n    return key\n",
    "writing.py": """
        from app.kept import KEPT
        other = 7

        class Writer:
            def __init__(self, told):
                self.into = KEPT

            def run(self):
                return self.into
    """,
    "kept.py": "KEPT = []\n",
    "views.py": "class Shown: ...\n\nclass Told: ...\n",
}


def _drawn(write: Write, files: Mapping[str, str]) -> dict[str, list[str]]:
    found = footprint(read_code(write({"__init__.py": "", **files})))
    return {one.route: [file.removeprefix("app/") for file in one.files] for one in found.use_cases}


def test_a_use_case_stands_on_what_it_leads_to(write: Write) -> None:
    """Names lead to definitions, through modules and other names, and classes to the methods that are asked for."""
    assert _drawn(write, LAYERED) == {
        "POST /v1/books": ["kept.py", "routes.py", "service.py", "views.py", "writing.py"],
        "GET /v1/books/{key}": ["reading.py", "routes.py", "service.py", "views.py"],
    }


def test_what_all_stand_on_is_left_out(write: Write) -> None:
    """What the start stands on is no use case's; what all stand on neither, where they are in more than one file."""
    folder = write({"__init__.py": "", **LAYERED})
    assert footprint(read_code(folder)).common == ("app/settings.py",)
    more = "from fastapi import APIRouter\nfrom app.views import Told\nrouter = APIRouter()\n"
    write({"more.py": more + "@router.put('/told')\nasync def tell(told: Told): ...\n"})
    assert footprint(read_code(folder)).common == ("app/settings.py", "app/views.py")


def test_every_way_to_declare_a_route(write: Write) -> None:
    """Decorators, calls, classes, several methods, and prefixes of routers within routers."""
    files = {
        "main.py": """
            from fastapi import FastAPI
            from app import shop

            def create_app() -> FastAPI:
                app = FastAPI()
                app.include_router(shop.router, prefix="/shop")
                return app
        """,
        "shop/__init__.py": """
            from fastapi import APIRouter
            from app.shop import inner

            router = APIRouter(prefix="/a")
            router.include_router(inner.router, prefix="/b")
        """,
        "shop/inner.py": """
            from fastapi import APIRouter
            from app.shop.work import Called, Handler, plain

            router: APIRouter = APIRouter(prefix="/c")
            router.add_api_route("/one", Handler().handle, methods=["PUT", "POST"])
            router.add_api_route("/two", endpoint=Called())
            router.delete("/three")(plain)

            @router.api_route("/four", methods=["PATCH"])
            @router.get(path="/five")
            async def both(): ...
        """,
        "shop/work.py": """
            from app.shop.rows import keep

            class Handler:
                async def handle(self):
                    return keep()

            class Called:
                async def __call__(self):
                    return keep()

            async def plain(): ...
        """,
        "shop/rows.py": "def keep(): ...\n",
    }
    inner, work, rows = "shop/inner.py", "shop/work.py", "shop/rows.py"
    assert _drawn(write, files) == {
        "GET /shop/a/b/c/five": [inner],
        "PATCH /shop/a/b/c/four": [inner],
        "POST /shop/a/b/c/one": [rows, work],
        "PUT /shop/a/b/c/one": [rows, work],
        "DELETE /shop/a/b/c/three": [work],
        "GET /shop/a/b/c/two": [rows, work],
    }


def test_imports_in_a_circle_come_to_an_end(write: Write) -> None:
    """Names that lead to each other, stars and routers that include each other are followed once."""
    files = {
        "main.py": "from app.a import *\nfrom app.b import *\ndef create_app(): return nothing\n",
        "a.py": """
            from app.b import thing
            from app.b import *
            from fastapi import APIRouter
            router = APIRouter()
            router.include_router(router)
            @router.get("/")
            async def show(): return thing, absent
        """,
        "b.py": "from app.a import thing\nfrom app.a import *\n",
    }
    assert _drawn(write, files) == {"GET /": ["a.py"]}
