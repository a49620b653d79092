"""Texts in columns: what may be shown of a text, how wide it is, how it is cut and wrapped to fit."""

from __future__ import annotations

import unicodedata

_JAMO = range(0x1160, 0x1200)
"""Hangul vowels and final consonants, which join the letter before them."""


def printable(text: str) -> str:
    r"""Return the text on one line, with what a terminal or a browser would act upon written out (`\x1b`, `\u202e`)."""
    return "".join(_printable(letter) for letter in text)


def _printable(letter: str) -> str:
    if letter.isprintable():
        return letter
    return " " if letter.isspace() else letter.encode("unicode_escape").decode("ascii")


def tidy(text: str) -> str:
    """Return what may be shown of a text, each run of white space as one space."""
    return " ".join(printable(unicodedata.normalize("NFC", text)).split())


def width(text: str) -> int:
    """Return how many columns a printable text takes in a terminal, by UAX #11; ambiguous letters take one."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(letter: str) -> int:
    if unicodedata.category(letter) in {"Mn", "Me"} or ord(letter) in _JAMO:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1


def start_of(text: str, columns: int) -> str:
    """Return as much of the text's start as fits."""
    taken = 0
    for place, letter in enumerate(text):
        taken += _width(letter)
        if taken > columns:
            return text[:place]
    return text


def end_of(text: str, columns: int) -> str:
    """Return as much of the text's end as fits."""
    taken = 0
    for place in range(len(text) - 1, -1, -1):
        taken += _width(text[place])
        if taken > columns:
            return text[place + 1 :]
    return text


def cut(text: str, columns: int, keep: int = 0) -> str:
    """Return the text, with … for what does not fit; of its end whole words are kept, in at most `keep` columns."""
    if width(text) <= columns:
        return text
    _, space, words = end_of(text, min(keep, columns - 1)).partition(" ")
    end = space + words
    return start_of(text, columns - 1 - width(end)).rstrip(" …") + "…" + end


def pad(text: str, columns: int) -> str:
    """Return the text with spaces after it up to this width."""
    return text + " " * (columns - width(text))


def wrap(text: str, columns: int, most: int | None = None) -> list[str]:
    """Return the text as lines that fit, broken at spaces where it can be; what is left after `most` lines is cut."""
    lines: list[str] = []
    rest = text.strip()
    while width(rest) > columns and (most is None or len(lines) < most - 1):
        line = start_of(rest, columns)
        if rest[len(line)] != " " and " " in line:
            line = line[: line.rindex(" ")]
        line = line or rest[0]
        lines.append(line.rstrip())
        rest = rest[len(line) :].lstrip()
    return [*lines, cut(rest, columns)] if rest else lines
