"""A program that parses a submission's files and finds their imports: an order on stdin, a JSON object a line out.

`{"file": …}` before each file, so that one that ends this process is known, and at last the imports, and the syntax
trees as a pickle; or `{"file": …, "line": …, "fault": …}` where one is not Python. Nothing of the submission is
imported: its folder is never on the path.
"""

from __future__ import annotations

import ast
import base64
import json
import pickle
import sys
from pathlib import Path
from typing import Any

from grimp import build_graph
from grimp.application.config import settings
from grimp.application.ports.modulefinder import FoundPackage, ModuleFile
from grimp.domain.valueobjects import Module

from grader.shape.code import ROOT

DEEPEST = 100
"""How deeply syntax may be nested: what reads it goes by recursion, pickle too. A kata's code comes to some 15."""


class _Package:
    """Tells grimp where the package is and what is in it, which it would else look for by importing and by guess."""

    def __init__(self, folder: Path, files: dict[str, str]) -> None:
        self._folder = folder
        self._files = files

    def determine_package_directories(self, package_name: str, file_system: object) -> set[str]:  # noqa: ARG002 -- as grimp calls it
        """Say where the package is."""
        return {str(self._folder / package_name)}

    def find_package(self, package_name: str, package_directory: str, file_system: object) -> FoundPackage:  # noqa: ARG002 -- as grimp calls it
        """Say which modules are in it; folders without an `__init__.py` are packages too."""
        folders = {parent for file in self._files.values() for parent in Path(file).parents if parent != Path()}
        packages = {".".join(folder.parts) for folder in folders} - set(self._files)
        files = frozenset(ModuleFile(module=Module(name), mtime=0.0) for name in self._files)
        return FoundPackage(package_name, package_directory, files, frozenset(packages))


def main() -> None:
    """Obey the order."""
    order = json.load(sys.stdin)
    folder, files = Path(order["folder"]), order["files"]
    trees: dict[str, ast.Module] = {}
    for name, file in files.items():
        _say(file=file)
        read = _read(folder / file, file)
        if not isinstance(read, ast.Module):
            _say(file=file, **read)
            return
        trees[name] = read
    package = _Package(folder, files)
    settings.configure(PACKAGE_FINDER=package, MODULE_FINDER=package)
    graph = build_graph(ROOT, cache_dir=None)
    imports = [
        (importer, imported, details["line_number"])
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        for details in graph.get_import_details(importer=importer, imported=imported)
    ]
    _say(imports=imports, trees=base64.b64encode(pickle.dumps(trees)).decode())


def _read(path: Path, file: str) -> ast.Module | dict[str, Any]:
    """Return the syntax tree of a file, or what is wrong with it and where."""
    try:
        # By its bytes, as Python reads it: but grimp reads UTF-8 alone.
        source = path.read_bytes()
        source.decode()
        tree = ast.parse(source, filename=file)
    except UnicodeDecodeError as error:
        return {"line": source[: error.start].count(b"\n") + 1, "fault": f"{file} is not UTF-8"}
    except SyntaxError as error:
        return {"line": error.lineno or 1, "fault": f"{file} is not Python: {error.msg}"}
    except (ValueError, RecursionError, MemoryError) as error:
        said = str(error) or "it is nested too deeply"
        return {"line": 1, "fault": f"{file} cannot be parsed: {said}"}
    if _depth(tree) > DEEPEST:
        return {"line": 1, "fault": f"{file} cannot be parsed: it is nested too deeply"}
    return tree


def _depth(tree: ast.AST) -> int:
    deepest, layer = 0, [tree]
    while layer:
        deepest += 1
        layer = [child for node in layer for child in ast.iter_child_nodes(node)]
    return deepest


def _say(**message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
