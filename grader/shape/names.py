"""What the names in a submission's code stand for: definitions, and how one leads to others."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.shape.code import Code, Module

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A function, a class or a value at the top of a module, or a method of a class."""

    name: str
    module: Module
    node: ast.stmt


@dataclass(frozen=True, slots=True)
class _Imported:
    """A name that stands for a module, or for a name in one."""

    module: str
    name: str = ""


@dataclass(slots=True)
class _Scope:
    """The names of one module."""

    defined: dict[str, Definition] = field(default_factory=dict)
    imported: dict[str, _Imported] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)


class Names:
    """The names of all modules of a submission."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._scopes = {name: _scope(module) for name, module in code.modules.items()}
        self._methods: dict[Definition, dict[str, Definition]] = {}

    def find(self, module: str, name: str) -> Definition | None:
        """Return what `name` stands for in a module, through imports; None where it is nothing of the submission's."""
        return self._find(module, name, set())

    def _find(self, module: str, name: str, seen: set[tuple[str, str]]) -> Definition | None:
        scope = self._scopes.get(module)
        if scope is None or (module, name) in seen:
            return None
        seen.add((module, name))
        if name in scope.defined:
            return scope.defined[name]
        imported = scope.imported.get(name)
        if imported is not None and imported.name:
            return self._find(imported.module, imported.name, seen)
        found = (self._find(star, name, seen) for star in scope.stars)
        return next((one for one in found if one is not None), None)

    def resolve(self, module: str, node: ast.AST) -> Definition | None:
        """Return what `name` or `module.name` stands for."""
        if isinstance(node, ast.Name):
            return self.find(module, node.id)
        if isinstance(node, ast.Attribute):
            owner = self._module_named(module, node.value)
            return self.find(owner, node.attr) if owner else None
        return None

    def _module_named(self, module: str, node: ast.AST) -> str:
        """Return the module that an expression names, or nothing."""
        if isinstance(node, ast.Name):
            imported = self._scopes[module].imported.get(node.id)
            if imported is None:
                return ""
            whole = f"{imported.module}.{imported.name}" if imported.name else imported.module
            return whole if self._is_package(whole) else ""
        if isinstance(node, ast.Attribute) and (owner := self._module_named(module, node.value)):
            whole = f"{owner}.{node.attr}"
            return whole if self._is_package(whole) else ""
        return ""

    def _is_package(self, name: str) -> bool:
        return name in self._scopes or any(known.startswith(f"{name}.") for known in self._scopes)

    def methods(self, owner: Definition) -> dict[str, Definition]:
        """Return the methods of a class by name; none of anything else."""
        if owner not in self._methods:
            body = owner.node.body if isinstance(owner.node, ast.ClassDef) else []
            self._methods[owner] = {
                statement.name: Definition(f"{owner.name}.{statement.name}", owner.module, statement)
                for statement in body
                if isinstance(statement, Function)
            }
        return self._methods[owner]


def _scope(module: Module) -> _Scope:
    scope = _Scope()
    for node in _top(module.tree):
        for name in _bound(node):
            scope.defined.setdefault(name, Definition(name, module, node))
    for part in ast.walk(module.tree):
        if isinstance(part, ast.Import):
            for alias in part.names:
                name = alias.asname or alias.name.partition(".")[0]
                scope.imported[name] = _Imported(alias.name if alias.asname else name)
        elif isinstance(part, ast.ImportFrom):
            origin = origin_of(module, part)
            for alias in part.names:
                if alias.name == "*":
                    scope.stars.append(origin)
                else:
                    scope.imported[alias.asname or alias.name] = _Imported(origin, alias.name)
    return scope


def _top(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield the statements at the top of a module, those below `if`, `try` and `with` too."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            waiting[:0] = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]


def _bound(node: ast.stmt) -> list[str]:
    """Return the names that a statement defines."""
    if isinstance(node, Function | ast.ClassDef):
        return [node.name]
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        targets = [node.target]
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def origin_of(module: Module, node: ast.ImportFrom) -> str:
    """Return the absolute name of the module that a `from … import` is from."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    kept = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])
