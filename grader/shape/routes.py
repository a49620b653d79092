"""The use cases of a submission as its code declares them: the routes, and the functions that answer them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.shape.names import Definition, Function, Names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.shape.code import Code, Module

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Route:
    """A route, `POST /orders`, and what of the submission answers it: functions, classes, or what makes them."""

    name: str
    module: Module
    handler: ast.AST


@dataclass(frozen=True, slots=True)
class _Declared:
    """A route as it is declared on a router, its path without what the router stands under."""

    method: str
    path: str
    router: Definition | None
    module: Module
    handler: ast.AST


def routes(code: Code, names: Names) -> list[Route]:
    """Return the routes that decorators and `add_api_route` declare, in the order of modules and lines."""
    prefixes = _prefixes(code, names)
    return [
        Route(f"{one.method} {_under(one.router, prefixes)}{one.path}", one.module, one.handler)
        for module in code.modules.values()
        for one in _declared(module, names)
    ]


def _declared(module: Module, names: Names) -> Iterator[_Declared]:
    for node in ast.walk(module.tree):
        if isinstance(node, Function | ast.ClassDef):
            for decorator in node.decorator_list:
                yield from _decorated(module, names, decorator, node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Call) and node.args:
            yield from _decorated(module, names, node.func, node.args[0])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_api_route":
            path, handler = _argument(node, 0, "path"), _argument(node, 1, "endpoint")
            if (text := _text(path)) is not None and handler is not None:
                router = names.resolve(module.name, node.func.value)
                for method in _methods(node):
                    yield _Declared(method, text, router, module, handler)


def _decorated(module: Module, names: Names, call: ast.expr, handler: ast.AST) -> Iterator[_Declared]:
    """Yield the routes that `@router.post("/orders")` declares for what it decorates."""
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
        return
    path = _text(_argument(call, 0, "path"))
    known = call.func.attr in METHODS
    if path is None or not (known or call.func.attr == "api_route"):
        return
    router = names.resolve(module.name, call.func.value)
    for method in [call.func.attr.upper()] if known else _methods(call):
        yield _Declared(method, path, router, module, handler)


def _prefixes(code: Code, names: Names) -> dict[Definition, tuple[str, Definition | None]]:
    """Return for each router that is included somewhere its prefix there, and the router that includes it."""
    found: dict[Definition, tuple[str, Definition | None]] = {}
    for module in code.modules.values():
        for node in ast.walk(module.tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "include_router"
            ):
                included = _argument(node, 0, "router")
                router = names.resolve(module.name, included) if included is not None else None
                if router is not None:
                    prefix = _text(_argument(node, None, "prefix")) or ""
                    found[router] = (prefix, names.resolve(module.name, node.func.value))
    return found


def _under(router: Definition | None, prefixes: dict[Definition, tuple[str, Definition | None]]) -> str:
    """Return the path that a router stands under, its own prefix included."""
    path = ""
    seen: set[Definition] = set()
    while router is not None and router not in seen:
        seen.add(router)
        made = getattr(router.node, "value", None)
        own = _text(_argument(made, None, "prefix")) if isinstance(made, ast.Call) else None
        outer, parent = prefixes.get(router, ("", None))
        path, router = f"{outer}{own or ''}{path}", parent
    return path


def _argument(call: ast.Call, position: int | None, name: str) -> ast.expr | None:
    given = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    if given is None and position is not None and len(call.args) > position:
        return call.args[position]
    return given


def _methods(call: ast.Call) -> list[str]:
    given = _argument(call, None, "methods")
    texts = [_text(one) for one in given.elts] if isinstance(given, ast.List | ast.Tuple | ast.Set) else []
    return [text.upper() for text in texts if text] or ["GET"]


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
