"""The Redis framer finds the same messages however the bytes are cut, and holds no more than its budget."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.wire.redis.frames import BUDGET, KEPT, Framer, Message, ProtocolError, command

scalars = st.one_of(
    st.text("abc ", max_size=8).map(lambda text: f"+{text}\r\n".encode()),
    st.text("abc ", min_size=1, max_size=8).map(lambda text: f"-ERR {text}\r\n".encode()),
    st.integers(-9, 99).map(lambda number: f":{number}\r\n".encode()),
    st.binary(max_size=20).map(lambda body: b"$%d\r\n%b\r\n" % (len(body), body)),
    st.binary(max_size=9).map(
        lambda body: b"!%d\r\n%b\r\n" % (len(body) + 4, b"ERR " + body.hex().encode()[: len(body)])
    ),
    st.sampled_from([b"$-1\r\n", b"*-1\r\n", b"_\r\n", b"#t\r\n", b",1.5\r\n", b"(12345\r\n", b"=6\r\ntxt:ab\r\n"]),
)


def aggregate(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return a strategy for arrays, sets, maps and attributed values of inner values."""
    lists = st.lists(inner, max_size=4)
    pairs = st.lists(st.tuples(inner, inner), max_size=3)
    return st.one_of(
        st.tuples(st.sampled_from(b"*~"), lists).map(lambda p: b"%c%d\r\n" % (p[0], len(p[1])) + b"".join(p[1])),
        pairs.map(lambda p: b"%%%d\r\n" % len(p) + b"".join(key + value for key, value in p)),
        st.tuples(pairs, inner).map(lambda p: b"|%d\r\n" % len(p[0]) + b"".join(k + v for k, v in p[0]) + p[1]),
    )


replies = st.lists(st.recursive(scalars, aggregate, max_leaves=12), max_size=6)
commands = st.lists(
    st.lists(st.binary(max_size=20), min_size=1, max_size=5).map(lambda words: command(*words)), max_size=6
)
cuts = st.lists(st.integers(0, 400), max_size=20)


def framed(pieces: list[bytes], *, from_client: bool) -> list[tuple[str, str, int, int]]:
    """Return what a framer makes of pieces, in a form that can be compared."""
    framer = Framer(from_client=from_client)
    found: list[Message] = []
    for piece in pieces:
        found += framer.feed(piece)
    assert framer.partial == 0
    return [(message.kind, repr(message.value), message.elements, message.size) for message in found]


@given(st.one_of(replies.map(lambda r: (False, r)), commands.map(lambda c: (True, c))), cuts)
def test_messages_do_not_depend_on_where_the_bytes_are_cut(given: tuple[bool, list[bytes]], places: list[int]) -> None:
    """Messages do not depend on where the bytes are cut."""
    from_client, parts = given
    data = b"".join(parts)
    whole = framed([data], from_client=from_client)
    assert framed([data[at : at + 1] for at in range(len(data))], from_client=from_client) == whole
    edges = [0, *sorted(place for place in places if place < len(data)), len(data)]
    cut = [data[start:stop] for start, stop in pairwise(edges)]
    assert framed(cut, from_client=from_client) == whole
    assert len(whole) == len(parts)
    assert [size for _, _, _, size in whole] == [len(part) for part in parts]


@given(commands)
def test_a_command_is_its_words(parts: list[bytes]) -> None:
    """A command is its words."""
    for message, part in zip(Framer(from_client=True).feed(b"".join(parts)), parts, strict=True):
        assert isinstance(message.value, list)
        assert command(*message.value) == part


def test_bytes_behind_the_last_message_wait() -> None:
    """Bytes behind the last message wait."""
    framer = Framer(from_client=False)
    assert [message.value for message in framer.feed(b"+OK\r\n$5\r\nhe")] == [b"OK"]
    assert framer.partial == 6
    assert [message.value for message in framer.feed(b"llo\r\n")] == [b"hello"]


def test_of_an_array_the_elements_are_counted_and_of_a_map_the_pairs() -> None:
    """Of an array the elements are counted and of a map the pairs."""
    data = b"*3\r\n:1\r\n:2\r\n:3\r\n%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n$-1\r\n*0\r\n>2\r\n+message\r\n+hi\r\n"
    assert [message.elements for message in Framer(from_client=False).feed(data)] == [3, 2, 0, 0, 2]


def test_an_attribute_belongs_to_what_follows_it() -> None:
    """An attribute belongs to what follows it."""
    (message,) = Framer(from_client=False).feed(b"|1\r\n+ttl\r\n:9\r\n*1\r\n:7\r\n")
    assert (message.kind, message.value) == ("*", [7])


def test_a_plain_line_is_a_command() -> None:
    """A plain line is a command."""
    assert [message.value for message in Framer(from_client=True).feed(b"GET a\r\n\r\n")] == [[b"GET", b"a"], []]


def test_a_long_string_is_cut() -> None:
    """A long string is cut."""
    framer = Framer(from_client=False)
    framer.feed(b"$%d\r\n" % (500 << 20))
    chunk = bytes(1 << 20)
    for _ in range(500):
        framer.feed(chunk)
    (message,) = framer.feed(b"\r\n")
    assert message.value == bytes(KEPT)
    assert message.size == (500 << 20) + 14


def test_a_long_array_is_abridged_and_counted() -> None:
    """A long array is abridged and counted."""
    element = b"$1000\r\n" + bytes(1000) + b"\r\n"
    (message,) = Framer(from_client=False).feed(b"*20000\r\n" + element * 20_000)
    assert message.elements == 20_000
    assert isinstance(message.value, list)
    assert sum(len(value or b"") for value in message.value) <= BUDGET + 1000


@pytest.mark.parametrize("data", [b"*1\r\n+GET\r\n", b"*x\r\n", b"*1\r\n$y\r\n", b"*1\r\n*1\r\n$1\r\na\r\n"])
def test_a_client_sends_nothing_but_arrays_of_strings(data: bytes) -> None:
    """A client sends nothing but arrays of strings."""
    with pytest.raises(ProtocolError):
        Framer(from_client=True).feed(data)
