"""What `app/shared` may hold: nothing that knows a use case, and nothing that only one slice needs."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from grader.checks.layers_to_slices.parts import SHARED, part_of
from grader.verdict import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.shape import Code, Module

WORDS = frozenset(word + ending for word in ("book", "order", "customer", "stock") for ending in ("", "s"))
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_]+")
_TABLE_PARTS = ("Table", "Index")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def words(code: Code) -> Iterator[tuple[Place, str]]:
    """Yield where a word of the shop stands in shared code: not in comments, docstrings, or definitions of tables."""
    for module in _shared(code):
        for statement in module.tree.body:
            if not (_defines_table(statement) or _passes_on(statement)):
                for line, text in _texts(statement):
                    for word in _words(text):
                        yield Place(module.file, line), word


def by_line(found: list[tuple[Place, str]]) -> list[str]:
    """Return a text for each line in which words were found, with the words."""
    lines: dict[Place, dict[str, None]] = {}
    for place, word in found:
        lines.setdefault(place, {})[word] = None
    return [f"{place}  {', '.join(said)}" for place, said in lines.items()]


def behaviour(code: Code) -> Iterator[tuple[Place, str]]:
    """Yield the functions that definitions of tables hold."""
    for module in _shared(code):
        for statement in module.tree.body:
            if isinstance(statement, ast.ClassDef) and _maps_table(statement):
                for node in ast.walk(statement):
                    if isinstance(node, _Function | ast.Lambda):
                        name = f"{statement.name}.{getattr(node, 'name', 'lambda')}"
                        yield Place(module.file, node.lineno), name


def too_little_used(code: Code) -> Iterator[tuple[str, list[str]]]:
    """Yield the shared files that neither `main.py` nor two parts import, themselves or through others, with those."""
    importers: dict[str, set[str]] = {}
    for one in code.imports:
        importers.setdefault(one.imported, set()).add(one.importer)
    for module in _shared(code):
        if all(_is_docstring(statement) or _passes_on(statement) for statement in module.tree.body):
            continue
        users = {part_of(code.modules[name].file) for name in _closure(importers, module.name)} - {SHARED}
        if "" not in users and len(users) < 2:  # noqa: PLR2004 -- two slices
            yield module.file, sorted(users)


def _closure(importers: dict[str, set[str]], name: str) -> set[str]:
    """Return the modules that import one, themselves or through others."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for importer in importers.get(waiting.pop(), set()) - found:
            found.add(importer)
            if importer.startswith("app.shared"):
                waiting.append(importer)
    return found


def _shared(code: Code) -> list[Module]:
    return [module for module in code.modules.values() if module.file.startswith((f"{SHARED}/", f"{SHARED}.py"))]


def _defines_table(statement: ast.stmt) -> bool:
    """Whether a statement defines a table, or what belongs to one, and nothing else."""
    if isinstance(statement, ast.ClassDef):
        return _maps_table(statement)
    value = getattr(statement, "value", None)
    return isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in _TABLE_PARTS


def _maps_table(statement: ast.ClassDef) -> bool:
    names = {name.id for node in statement.body for name in ast.walk(node) if isinstance(name, ast.Name)}
    return bool(names & {"__tablename__", "__table__"})


def _passes_on(statement: ast.stmt) -> bool:
    """Whether a statement only passes on what other shared modules define."""
    if isinstance(statement, ast.ImportFrom):
        return bool(statement.level) or (statement.module or "").startswith("app.shared")
    return isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__"


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _texts(statement: ast.stmt) -> Iterator[tuple[int, str]]:
    """Yield the names and texts that stand in a statement, each with its line; texts that stand alone are comments."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop(0)
        if _is_docstring(node):
            continue
        line = getattr(node, "lineno", 0)
        for name in ("id", "attr", "arg", "name", "asname", "module"):
            if isinstance(text := getattr(node, name, None), str):
                yield line, text
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield line, node.value
        if isinstance(node, ast.Global | ast.Nonlocal):
            yield line, " ".join(node.names)
        waiting[:0] = ast.iter_child_nodes(node)


def _words(text: str) -> Iterator[str]:
    found = [word.lower() for word in _WORD.findall(text)]
    for word, after in pairwise([*found, ""]):
        if word in WORDS and not (word == "order" and after == "by"):
            yield word
