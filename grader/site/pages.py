"""The pages and files of the site that are made, and the texts of those that are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grader.site import reference
from grader.site.concepts import GLOSSARY, concepts_in, terms
from grader.site.gallery_page import gallery_page
from grader.site.kata_page import kata_page
from grader.site.markers import Markers
from grader.site.notebook import NOTEBOOKS, notebook
from grader.site.workshop import Workshop, all_rooms

if TYPE_CHECKING:
    from pathlib import Path

HOME = "index.md"


class Pages:
    """One build of the site whose written pages lie in the folder `docs`."""

    def __init__(self, docs: Path) -> None:
        self._docs = docs
        self.workshop = Workshop(all_rooms())
        self._concepts = concepts_in(docs)
        self._markers = Markers(self.workshop, self._concepts)
        self._terms = terms(docs / GLOSSARY)

    def made(self) -> dict[str, str]:
        """Return all that is made, by its path in the site; pages are Markdown."""
        files: dict[str, str] = {}
        for room in self.workshop.rooms:
            file = NOTEBOOKS / f"{room.kata.name}.ipynb"
            text = notebook(file, files) if file.is_file() else ""
            files[room.gallery] = gallery_page(room, self.workshop)
            files[room.page] = kata_page(room, self.workshop, self._concepts, text)
        files[reference.SCHEMA] = reference.schema_text()
        for page in self._docs.rglob("*.md"):  # so that every picture on them is drawn
            self.text(page.read_text(encoding="utf-8"), page.relative_to(self._docs).as_posix())
        return files | self.workshop.pictures.files

    def text(self, markdown: str, page: str) -> str:
        """Return the Markdown of a page with what its markers stand for; SiteError where one means nothing."""
        text = self._markers.expand(markdown, page)
        return text if page in {GLOSSARY, HOME} else text + self._terms

    def in_folder(self, folder: str) -> list[Any]:
        """Return the navigation of a folder whose pages are not listed by hand: the katas, the decisions."""
        if folder == "katas":
            return [{room.title: [room.page, room.gallery]} for room in self.workshop.rooms]
        return [page.relative_to(self._docs).as_posix() for page in sorted((self._docs / folder).glob("*.md"))]
