"""The framer finds the same messages however the bytes are cut."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.tests.wire import script
from grader.wire.postgres.frames import (
    CANCEL,
    GSS_REQUEST,
    HELD,
    MAX_STARTUP,
    SSL_REQUEST,
    STARTUP,
    TAIL,
    Framer,
    ProtocolError,
)

messages = st.lists(
    st.builds(script.message, st.sampled_from("QPBEDSHdCfcZTtRNAVIGs"), st.binary(max_size=40)), max_size=20
)
cuts = st.lists(st.integers(min_value=0, max_value=600), max_size=30)


def framed(framer: Framer, pieces: list[bytes]) -> list[tuple[str, bytes, int, int]]:
    """Return what came out, runs of one kind joined, since they are cut where the bytes are."""
    found: list[tuple[str, bytes, int, int]] = []
    for piece in pieces:
        for frame in framer.feed(piece):
            assert 0 < frame.end <= len(piece)
            if found and frame.kind in "Dd" and found[-1][0] == frame.kind and not frame.body:
                kind, body, size, count = found[-1]
                found[-1] = (kind, body, size + frame.size, count + frame.messages)
            else:
                found.append((frame.kind, frame.body, frame.size, frame.messages))
    return found


def pieces_of(data: bytes, places: list[int]) -> list[bytes]:
    """Cut bytes at places."""
    edges = [0, *sorted(place for place in places if place < len(data)), len(data)]
    return [data[start:stop] for start, stop in pairwise(edges)]


@given(messages, cuts, st.booleans())
def test_frames_do_not_depend_on_where_the_bytes_are_cut(
    parts: list[bytes],
    places: list[int],
    from_client: bool,  # noqa: FBT001 -- hypothesis passes it
) -> None:
    """Frames do not depend on where the bytes are cut."""
    data = b"".join(parts)

    def new() -> Framer:
        framer = Framer(from_client=from_client)
        if from_client:
            framer.feed(script.startup(user="ada"))
        return framer

    whole = framed(new(), [data])
    assert framed(new(), [data[at : at + 1] for at in range(len(data))]) == whole
    assert framed(new(), pieces_of(data, places)) == whole
    assert sum(size for _, _, size, _ in whole) == len(data)
    assert sum(count for _, _, _, count in whole) == len(parts)


@given(messages, st.binary(min_size=1, max_size=3))
def test_bytes_behind_the_last_message_wait(parts: list[bytes], rest: bytes) -> None:
    """Bytes behind the last message wait."""
    framer = Framer(from_client=False)
    framer.feed(b"".join(parts) + rest)
    assert framer.partial
    body = b"Q" * 10
    unfinished = script.message("N", body)
    again = Framer(from_client=False)
    again.feed(unfinished[:7])
    assert [frame.body for frame in again.feed(unfinished[7:])] == [body]
    assert not again.partial


def test_a_startup_is_read_byte_by_byte_behind_requests_for_encryption() -> None:
    """A startup is read byte by byte behind requests for encryption."""
    ssl = struct.pack("!II", 8, 80877103)
    gss = struct.pack("!II", 8, 80877104)
    data = gss + ssl + script.startup(196610, user="ada") + script.query("SELECT 1")
    framer = Framer(from_client=True)
    kinds = [frame.kind for at in range(len(data)) for frame in framer.feed(data[at : at + 1])]
    assert kinds == [GSS_REQUEST, SSL_REQUEST, STARTUP, "Q"]


@pytest.mark.parametrize("key", [b"\1\2\3\4", bytes(range(200))])
def test_a_cancel_request_may_have_a_long_key(key: bytes) -> None:
    """A cancel request may have a long key."""
    body = struct.pack("!II", 80877102, 77) + key
    frames = Framer(from_client=True).feed(struct.pack("!I", len(body) + 4) + body)
    assert [(frame.kind, frame.body) for frame in frames] == [(CANCEL, body)]


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("!II", MAX_STARTUP + 1, 196608),
        struct.pack("!II", 7, 196608),
        b"\x16\x03\x01\x02\x00\x01\x00\x01",  # a TLS greeting
        script.startup(user="ada") + b"Q\0\0\0\3",
        script.startup(user="ada") + b"Q\x7f\xff\xff\xff",
    ],
)
def test_impossible_lengths_are_errors(data: bytes) -> None:
    """Impossible lengths are errors."""
    with pytest.raises(ProtocolError):
        Framer(from_client=True).feed(data)


@pytest.mark.parametrize("chunk", [1000, 64 << 10, 1 << 30])
def test_of_a_long_body_the_head_and_the_tail_are_held(chunk: int) -> None:
    """Of a long body the head and the tail are held."""
    body = b"".join(b"%09d " % number for number in range(100_000))
    data = script.message("N", body)
    framer = Framer(from_client=False)
    (frame,) = [f for at in range(0, len(data), chunk) for f in framer.feed(data[at : at + chunk])]
    assert (frame.body, frame.tail, frame.size) == (body[:HELD], body[-TAIL:], len(data))


def test_rows_of_any_size_are_not_held() -> None:
    """Rows of any size are not held."""
    framer = Framer(from_client=False)
    framer.feed(b"D" + struct.pack("!I", (1 << 30) - 1))
    chunk = bytes(1 << 20)
    left = (1 << 30) - 5
    while left > 0:
        assert framer.streaming
        frames = framer.feed(chunk[: min(len(chunk), left)])
        left -= len(chunk)
    assert [(frame.kind, frame.size, frame.body) for frame in frames] == [("D", 1 << 30, b"")]
