"""How the code of the shop is cut: into slices, what they share, what puts them together, and what is left over."""

from __future__ import annotations

import ast
import asyncio
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from grader.checks import require
from grader.shape import Code, Import, Module, UnreadableError, origin_of, read_code
from grader.verdict import Evidence, Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grader.lab import Lab

FEATURES, SHARED = "app/features", "app/shared"
WIRING = ("app", "app.main", "app.features")
"""The modules that put the service together, and are no part of it."""
MOST_SHOWN = 12


async def code_of(lab: Lab) -> Code:
    """Return the code on the bench; a Finding where it cannot be read."""
    try:
        return await asyncio.to_thread(read_code, lab.folder)
    except UnreadableError as error:
        place = Place(error.file, error.line) if error.line else None
        raise Finding("read the code", str(error), "the code in app/ can be read", place=place) from error


def part_of(file: str) -> str:
    """Return the part of the service that a file belongs to: a slice, `app/shared`, a folder left over, or nothing.

    The files that put the service together belong to no part.
    """
    path = PurePosixPath(file)
    depth = 3 if file.startswith(f"{FEATURES}/") else 2
    if (path.name == "__init__.py" and len(path.parts) <= depth) or file == "app/main.py":
        return ""
    return str(PurePosixPath(*path.parts[:depth]).with_suffix("")) if path.parts[0] == "app" else path.parts[0]


def is_slice(part: str) -> bool:
    """Whether a part is a slice."""
    return part.startswith(f"{FEATURES}/")


def folder_part(file: str) -> str:
    """Return the part that a file belongs to where that is to know no other: all but what is shared."""
    part = part_of(file)
    return "" if part == SHARED else part


def slices_of(code: Code) -> list[str]:
    """Return the slices, as `app/features/orders`, in the order of their names."""
    return sorted({part for module in code.modules.values() if is_slice(part := part_of(module.file))})


def require_slices(code: Code) -> list[str]:
    """Return the slices; a Finding where there is none."""
    slices = slices_of(code)
    require(
        bool(slices),
        done="looked for slices",
        seen=f"there is none: {FEATURES}/ is {'empty' if 'app.features' in code.modules else 'not there'}",
        expected=f"each slice is a package or a module in {FEATURES}/",
    )
    return slices


def left_over(code: Code) -> list[str]:
    """Return the files that stand neither in a slice, nor in `app/shared`, nor put the service together."""
    parts = {module.file: part_of(module.file) for module in code.modules.values()}
    return [file for file, part in parts.items() if part and part != SHARED and not is_slice(part)]


def main_of(slice_: str) -> str:
    """Return the name of the module that a slice is."""
    return slice_.replace("/", ".")


def offers_router(code: Code, slice_: str) -> bool:
    """Whether a slice binds the name `router`."""
    module = code.modules.get(main_of(slice_))
    return module is not None and any("router" in names for names in map(_bound, ast.walk(module.tree)))


def _bound(node: ast.AST) -> set[str]:
    if isinstance(node, ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return set()


def taken_by_wiring(code: Code, slices: Iterable[str]) -> Iterator[tuple[Place, str]]:
    """Yield what the modules that put the service together take from slices besides `router`: where, and what."""
    names = {main_of(slice_) for slice_ in slices}
    for wiring in WIRING:
        if (module := code.modules.get(wiring)) is not None:
            yield from _taken(module, names)


def _taken(module: Module, slices: set[str]) -> Iterator[tuple[Place, str]]:
    bound: dict[str, str] = {}  # what a name, or a dotted name, stands for
    for node, name, whole in _imported(module):
        if _within(whole, slices) is None or _is_router(whole, slices):
            continue
        if whole in slices or isinstance(node, ast.Import):
            bound[name] = whole
        else:
            yield Place(module.file, node.lineno), whole
    for part in ast.walk(module.tree):
        if isinstance(part, ast.Attribute) and (owner := bound.get(ast.unparse(part.value))):
            whole = f"{owner}.{part.attr}"
            if not _is_router(whole, slices):
                yield Place(module.file, part.lineno), whole


def _imported(module: Module) -> Iterator[tuple[ast.Import | ast.ImportFrom, str, str]]:
    """Yield the imports of a module: each with the name that it binds and what that stands for."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            origin = f"{origin_of(module, node)}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                yield node, alias.asname or alias.name, f"{origin}{alias.name}"


def _within(whole: str, slices: set[str]) -> str | None:
    """Return the slice that a dotted name leads to or into."""
    return next((name for name in slices if whole == name or whole.startswith(f"{name}.")), None)


def _is_router(whole: str, slices: set[str]) -> bool:
    owner, _, name = whole.rpartition(".")
    return owner in slices and name == "router"


@dataclass(frozen=True, slots=True)
class Crossing:
    """An import that leads from one part of the service into another; `line` is that of the import."""

    place: Place
    target: str

    def __str__(self) -> str:
        return f"{self.place} imports {self.target}"


def crossings(code: Code) -> list[Crossing]:
    """Return the imports that lead out of a slice, but for those of `app/shared`, and those that lead from there."""
    return [
        Crossing(Place(code.modules[one.importer].file, one.line), _file(code, one))
        for one in code.imports
        if _crosses(code, one)
    ]


def _crosses(code: Code, one: Import) -> bool:
    importer = part_of(code.modules[one.importer].file)
    if not importer:
        return False
    imported = part_of(_file(code, one))
    return imported not in {importer, SHARED}


def _file(code: Code, one: Import) -> str:
    module = code.modules.get(one.imported)
    return module.file if module is not None else one.imported.replace(".", "/") + "/"


def foreign_imports(code: Code, beside: set[str]) -> list[Crossing]:
    """Return the imports of modules that stand beside `app` in the submission, of which these are there."""
    return [
        Crossing(Place(module.file, node.lineno), whole)
        for module in code.modules.values()
        for node, _, whole in _imported(module)
        if whole.partition(".")[0] in beside
    ]


def listed(title: str, lines: Iterable[object]) -> Evidence:
    """Return lines as evidence, the first dozen and how many there are more."""
    texts = [str(line) for line in lines]
    more = [f"… and {len(texts) - MOST_SHOWN} more"] if len(texts) > MOST_SHOWN else []
    return Evidence(title, (*texts[:MOST_SHOWN], *more))
