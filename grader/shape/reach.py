"""The files that a use case stands on, and so the files that a change of it may touch."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from grader.shape.code import ROOT
from grader.shape.names import Definition, Function, Names
from grader.shape.routes import routes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grader.shape.code import Code


@dataclass(frozen=True, slots=True)
class UseCase:
    """A route, and the files that a change of it touches, in the order of their names."""

    route: str
    files: tuple[str, ...]

    @property
    def folders(self) -> dict[str, tuple[str, ...]]:
        """The files by the folder they stand in."""
        found: dict[str, list[str]] = {}
        for file in self.files:
            path = PurePosixPath(file)
            found.setdefault(str(path.parent), []).append(path.name)
        return {folder: tuple(names) for folder, names in found.items()}


@dataclass(frozen=True, slots=True)
class Footprint:
    """The use cases of a submission; `common` are files left out of them.

    These are the files that all use cases stand on, and those that the start of the application (`create_app`) stands
    on unless they answer a route: a change of one use case leaves them as they are.
    """

    use_cases: tuple[UseCase, ...]
    common: tuple[str, ...]


def footprint(code: Code) -> Footprint:
    """Return the files that each use case of a submission stands on.

    A definition leads to those whose names stand in it. A method is reached where its class is, and something that is
    reached asks for an attribute of its name (rapid type analysis; Bacon and Sweeney, OOPSLA 1996).
    """
    names = Names(code)
    found = routes(code, names)
    reached = {route: _reached(names, [(route.module.name, route.handler)]) for route in found}
    start = names.find(f"{ROOT}.main", "create_app")
    started = _reached(names, [(start.module.name, start.node)]) if start else set()
    answering = {route.module.file for route in found}
    everywhere = set.intersection(*reached.values()) if len(answering) > 1 else set()
    common = (started - answering) | everywhere
    touched: dict[str, set[str]] = {}
    for route in sorted(found, key=lambda one: one.name.split()[::-1]):
        touched.setdefault(route.name, set()).update(reached[route] - common)
    stood_on = common.intersection(chain.from_iterable(reached.values()))
    use_cases = tuple(UseCase(name, tuple(sorted(files))) for name, files in touched.items())
    return Footprint(use_cases, tuple(sorted(stood_on)))


def _reached(names: Names, origins: Iterable[tuple[str, ast.AST]]) -> set[str]:
    """Return the files of all definitions that are reached from nodes in modules."""
    definitions: set[Definition] = set()
    asked: set[str] = set()
    waiting: list[tuple[str, ast.AST]] = list(origins)
    while waiting:
        while waiting:
            module, node = waiting.pop()
            for part in _parts(node):
                if isinstance(part, ast.Attribute):
                    asked.add(part.attr)
                found = names.resolve(module, part)
                if found is not None and found not in definitions:
                    definitions.add(found)
                    waiting.append((found.module.name, found.node))
        for owner in list(definitions):
            for name, method in names.methods(owner).items():
                if method not in definitions and (name in asked or name.startswith("__")):
                    definitions.add(method)
                    waiting.append((method.module.name, method.node))
    return {definition.module.file for definition in definitions}


def _parts(node: ast.AST) -> list[ast.AST]:
    """Return all nodes below `node`, itself included; of a class not its methods, which are reached one by one."""
    if not isinstance(node, ast.ClassDef):
        return list(ast.walk(node))
    body = [child for child in ast.iter_child_nodes(node) if not isinstance(child, Function)]
    return [node, *(part for child in body for part in ast.walk(child))]
