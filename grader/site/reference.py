"""The reference pages: verbs, options, files and tokens, as the code has them."""

from __future__ import annotations

import inspect
import json
from html import escape
from typing import TYPE_CHECKING, Any

import typer
from pydantic import TypeAdapter

from grader.cli import STATUSES, VERBS, build
from grader.explore import token
from grader.explore.crash import Fault, faults
from grader.kata import Kata, Task
from grader.report.result_file import CheckEntry, FindingEntry, ResultFile, ServicesEntry, SubmissionEntry
from grader.settings import SETTINGS
from grader.site.fields import fields_of
from grader.site.markup import fence, table
from grader.verdict import Evidence, Lane, Moment, Outcome, Place, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from grader.site.workshop import Room

SCHEMA = "reference/result-file.schema.json"
_TOP = 2
"""The level of a page's own headings."""


def verbs() -> str:
    """Return the verbs of the `kata` command, each with what it takes, in the panels of its help."""
    command: Any = typer.main.get_command(build())
    parts = []
    for panel, names in VERBS.items():
        parts.append(f"## {panel}\n")
        for name in names:
            parts += _verbs(command.commands[name], f"kata {name}", _TOP + 1)
    return "\n".join(parts)


def statuses() -> str:
    """Return what the exit statuses of the `kata` command mean."""
    rows = [(f"`{number}`", f"{text[0].upper()}{text[1:]}.") for number, text in STATUSES.items()]
    return table(("Exit status", "What it means"), rows)


def _verbs(command: Any, path: str, level: int) -> Iterator[str]:  # noqa: ANN401 -- Click's, which typer brings as its own
    yield f"{'#' * level} `{path}`\n"
    yield f"{_sentences(command.help)}\n"
    pieces = command.collect_usage_pieces(command.make_context(path, [], resilient_parsing=True))
    yield fence(" ".join([path, *pieces]).replace("[[", "[").replace("]]", "]"), "console")
    rows = [_parameter(each) for each in command.params if not getattr(each, "hidden", False)]
    if any(default for *_, default in rows):
        yield table(("", "What it is", "Default"), rows)
    elif rows:
        yield table(("", "What it is"), (row[:2] for row in rows))
    inside: Mapping[str, Any] = getattr(command, "commands", {})
    for name, verb in inside.items():
        if not verb.hidden:
            yield from _verbs(verb, f"{path} {name}", level + 1)


def _parameter(each: Any) -> tuple[str, str, str]:  # noqa: ANN401 -- likewise
    if each.param_type_name == "argument":
        name = f"`{each.metavar or each.name.upper()}`"
    else:
        name = ", ".join(f"`{flag}`" for flag in (*each.opts, *each.secondary_opts))
    default = each.default
    standard = "" if default is None or default is False or callable(default) else f"`{default}`"
    return name, _sentences(each.help), standard


def _sentences(text: str | None) -> str:
    return escape(" ".join((text or "").split()), quote=False)


def options() -> str:
    """Return pytest's options that this project brings, each with the variable that sets its default."""
    rows = []
    for option in SETTINGS:
        values = f": {', '.join(f'`{choice}`' for choice in option.choices)}" if option.choices else ""
        standard = "" if option.standard is None else f"`{_plain(option.standard)}`"
        rows.append((f"`{option.flag}`", f"{_sentences(option.help)}{values}<br>`{option.variable}`", standard))
    return table(("Option", "What it does, and the variable that sets it", "Default"), rows)


def default_of(flag: str) -> str:
    """Return the standard value of an option; ValueError where it has none."""
    found = next((option.standard for option in SETTINGS if option.flag == flag), None)
    if found is None:
        raise ValueError(f"no option {flag} with a standard value")
    return _plain(found)


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def outcomes() -> str:
    """Return what can become of a check."""
    rows = ((f"`{Outcome[field.name].value}`", field.text) for field in fields_of(Outcome))
    return table(("Outcome", "What it means"), rows)


def kata_toml() -> str:
    """Return the keys of `kata.toml`, and those of each of its tasks."""
    keys = [field for field in fields_of(Kata) if field.name != "tasks"]
    tasks = [field for field in fields_of(Task) if field.name != "number"]
    parts = [_rows((field.name, field.type, field.text) for field in keys)]
    parts.append("## Each `[[tasks]]`\n\nTasks are numbered in their order, from 1.\n")
    parts.append(_rows((field.name, field.type, field.text) for field in tasks))
    return "\n".join(parts)


def _rows(fields: Iterator[tuple[str, str, str]]) -> str:
    written = ((f"`{name}`", f"`{kind}`", " ".join(text.split())) for name, kind, text in fields)
    return table(("Key", "Type", "What it is"), written)


_DOCUMENT = (ResultFile, SubmissionEntry, ServicesEntry, CheckEntry, FindingEntry)
_VALUES = (Evidence, Place, Timeline, Lane, Moment)


def result_file() -> str:
    """Return the parts of the result file, the outermost first."""
    parts = []
    for part in _DOCUMENT:
        parts.append(f"## {part.__name__}\n\n{inspect.getdoc(part)}\n")
        parts.append(_rows((field.name, field.type, field.text) for field in fields_of(part)))
    for value in _VALUES:
        parts.append(f"## {value.__name__}\n\n{inspect.getdoc(value)}\n")
        types = value.__annotations__
        parts.append(table(("Key", "Type"), ((f"`{name}`", f"`{kind}`") for name, kind in types.items())))
    return "\n".join(parts)


def schema() -> dict[str, Any]:
    """Return the result file's JSON Schema, in which nothing stands that the file may not have."""
    found = TypeAdapter(ResultFile).json_schema()
    described = {part.__name__: {field.name: field.text for field in fields_of(part)} for part in _DOCUMENT}
    for name, part in [("ResultFile", found), *found["$defs"].items()]:
        part["additionalProperties"] = False
        part["required"] = list(part["properties"])
        for key, text in described.get(name, {}).items():
            part["properties"][key]["description"] = text
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | found


def schema_text() -> str:
    """Return the schema as a file."""
    return json.dumps(schema(), indent=2) + "\n"


def fault_verbs() -> str:
    """Return what can happen to a request at one of its steps."""
    each = {(fault.verb, fault.place): fault for fault in faults(1)}
    rows = [(f"`{fault}`", f"At step {fault.index} of the request {fault.told}.") for fault in each.values()]
    return table(("Fault", "What happens"), rows)


def crash_points() -> str:
    """Return how the crash points of a request are counted, in the words of the code."""
    return inspect.getdoc(inspect.getmodule(Fault)) or ""


def tokens() -> str:
    """Return what a replay token is made of, in the words of the code."""
    return inspect.getdoc(token) or ""


def kill_matrix(rooms: Sequence[Room]) -> str:
    """Return for each kata which check catches which mistake."""
    parts = []
    for room in rooms:
        parts.append(f"## {room.title}\n")
        columns = [check for check in room.checks if any(check.id in each.entry.caught for each in room.mistakes)]
        rows = []
        for exhibit in room.mistakes:
            link = f"[{exhibit.title}](../{room.gallery}#{exhibit.anchor})"
            rows.append((link, *("✘" if check.id in exhibit.entry.caught else "" for check in columns)))
        matrix = table(("Mistake", *(str(number) for number in range(1, len(columns) + 1))), rows)
        parts.append(f'<div class="matrix" markdown="1">\n\n{matrix}\n</div>\n')
        parts += [f"{number}. {check.title}" for number, check in enumerate(columns, 1)]
        parts.append("")
    return "\n".join(parts)
