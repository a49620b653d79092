"""The map of files that changes touch."""

from __future__ import annotations

from grader.notebook import Code, touch_map, touched_by


def test_it_shows_what_the_code_stands_on() -> None:
    """Cancelling goes through five folders of the layered starter and one of the reference, and the map says so."""
    layers, slices = (touched_by(Code.of("01", name)) for name in ("starter", "reference"))
    folders = [
        next(len(one.folders) for one in found.use_cases if one.route.endswith("/cancel")) for found in (layers, slices)
    ]
    assert folders == [5, 1]
    picture = touch_map("Slices", slices)
    assert "POST /customers touches 1 file: app/features/customers/register_customer.py" in picture.text
    assert picture.svg.count("register_customer.py") == 2  # in the text for those who do not see it, and in its row


def test_a_touched_file_is_marked_without_colour() -> None:
    """It is hatched, and what is not touched is not."""
    assert "<pattern" in touch_map("Slices", touched_by(Code.of("01", "reference"))).svg
