"""What the grader's own code says of its values: the fields of a class, with the text under each."""

from __future__ import annotations

import ast
import inspect
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Described:
    """One field: its name, its type as it is written, and what it is."""

    name: str
    type: str
    text: str


def fields_of(owner: type) -> list[Described]:
    """Return the fields of a class in their order; ValueError for one that has no text under it."""
    module = ast.parse(inspect.getsource(sys.modules[owner.__module__]))
    found = []
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef) and node.name == owner.__name__:
            for field, below in zip(node.body, [*node.body[1:], None], strict=True):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    found.append(Described(field.target.id, ast.unparse(field.annotation), _text(below)))
                elif isinstance(field, ast.Assign) and isinstance(field.targets[0], ast.Name):  # a member of an Enum
                    found.append(Described(field.targets[0].id, ast.unparse(field.value), _text(below)))
    if silent := [field.name for field in found if not field.text]:
        raise ValueError(f"{owner.__module__}.{owner.__name__}: say in a docstring below what {silent[0]} is")
    return found


def _text(node: ast.stmt | None) -> str:
    """Return the text that an expression is, empty where it is none."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return inspect.cleandoc(node.value.value)
    return ""
