"""What is kept of a replica's output."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grader.replica.log import Log


def test_a_short_log_is_whole() -> None:
    """What fits is kept as it is."""
    log = Log(100)
    for part in (b"caf", b"\xc3", b"\xa9\n"):
        log.feed(part)
    assert log.text() == "café\n"


@given(st.lists(st.binary(max_size=40)), st.integers(1, 60))
def test_head_and_tail_are_kept(parts: list[bytes], limit: int) -> None:
    """Whatever arrives, the first and the last bytes are kept, and what is missing is counted exactly."""
    log = Log(limit)
    for part in parts:
        log.feed(part)
    whole, half = b"".join(parts), max(limit // 2, 1)
    if len(whole) <= 2 * half:
        assert log.text() == whole.decode(errors="replace")
    else:
        head, tail = whole[:half].decode(errors="replace"), whole[-half:].decode(errors="replace")
        cut = len(whole) - 2 * half
        shown = f"{cut} bytes" if cut < 1024 else "1 KB"
        assert log.text() == f"{head}\n… {shown} more …\n{tail}"
