"""Only who knows a proxy's secret gets through it, and the proxy can log in to any server."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import TYPE_CHECKING

import psycopg
import pytest

from grader.tests.wire import script
from grader.tests.wire.tap import scripted
from grader.wire import PostgresProxy, Recorder, Upstream
from grader.wire.postgres.scram import Scram, ScramError, saslprep

if TYPE_CHECKING:
    from collections.abc import Callable

OPENED = script.message("R", bytes(4)) + script.ready()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda proxy: proxy.url.replace(proxy.secret, "wrong"), "password authentication failed"),
        (lambda proxy: proxy.url.replace(proxy.secret, proxy.upstream.password), "password authentication failed"),
        (lambda proxy: proxy.url.replace(proxy.upstream.user, "postgres"), 'role "postgres" may not log in here'),
        (lambda proxy: proxy.url.replace(proxy.database, "template1"), 'database "template1" is not served here'),
        (lambda proxy: proxy.url + "?replication=database", "replication connections are not served"),
        (lambda proxy: proxy.url + "?sslmode=require", "server does not support SSL"),
    ],
)
async def test_a_client_without_the_right_url_is_turned_away(
    proxy: PostgresProxy, recorder: Recorder, change: Callable[[PostgresProxy], str], words: str
) -> None:
    """A client without the right url is turned away."""
    with pytest.raises(psycopg.OperationalError, match=words):
        await psycopg.AsyncConnection.connect(change(proxy))
    await proxy.idle()
    assert proxy.connections == 0
    assert recorder.statements == []


async def test_the_secret_of_one_proxy_does_not_open_another(proxy: PostgresProxy, upstream: Upstream) -> None:
    """The secret of one proxy does not open another."""
    async with PostgresProxy(upstream, replica="B", recorder=Recorder()) as other:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            await psycopg.AsyncConnection.connect(proxy.url.replace(str(proxy.port), str(other.port)))


async def test_what_the_server_says_of_a_login_reaches_the_client(upstream: Upstream, recorder: Recorder) -> None:
    """What the server says of a login reaches the client."""
    wrong = Upstream(upstream.host, upstream.port, upstream.user, upstream.password, "no_such_database")
    async with PostgresProxy(wrong, replica="A", recorder=recorder) as proxy:
        with pytest.raises(psycopg.OperationalError, match='database "no_such_database"'):
            await psycopg.AsyncConnection.connect(proxy.url)


async def test_a_server_that_is_not_there(recorder: Recorder) -> None:
    """A server that is not there."""
    async with PostgresProxy(Upstream("127.0.0.1", 1, "ada", ""), replica="A", recorder=recorder) as proxy:
        with pytest.raises(psycopg.OperationalError, match="the database server cannot be reached"):
            await psycopg.AsyncConnection.connect(proxy.url)


async def test_a_client_that_speaks_something_else_is_told_so(proxy: PostgresProxy) -> None:
    """A client that speaks something else is told so."""
    for greeting in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01"):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(greeting)
        assert b"08P01" in await reader.read()
        writer.close()


async def test_more_connections_than_a_replica_may_have(proxy: PostgresProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """More connections than a replica may have."""
    monkeypatch.setattr("grader.wire.proxy.MAX_CONNECTIONS", 1)
    async with await psycopg.AsyncConnection.connect(proxy.url):
        with pytest.raises(psycopg.OperationalError, match="too many connections"):
            await psycopg.AsyncConnection.connect(proxy.url)
        assert proxy.connections == 1


@pytest.mark.parametrize("method", ["trust", "cleartext", "md5"])
async def test_servers_that_authenticate_otherwise(recorder: Recorder, method: str) -> None:
    """The proxy logs in to servers that trust, or want the password clear or as md5."""
    given: list[bytes] = []
    salt = secrets.token_bytes(4)
    request = {
        "trust": b"",
        "cleartext": script.message("R", b"\0\0\0\3"),
        "md5": script.message("R", b"\0\0\0\5" + salt),
    }

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
        if request[method]:
            writer.write(request[method])
            head = await reader.readexactly(5)
            given.append(await reader.readexactly(int.from_bytes(head[1:], "big") - 4))
        writer.write(OPENED)
        await reader.read()

    async with scripted(serve) as upstream, PostgresProxy(upstream, replica="A", recorder=recorder) as proxy:
        async with await psycopg.AsyncConnection.connect(proxy.url):
            pass
        await proxy.empty()
    inner = hashlib.md5(b"the real oneada", usedforsecurity=False).hexdigest().encode()
    outer = hashlib.md5(inner + salt, usedforsecurity=False).hexdigest().encode()
    expected = {"trust": [], "cleartext": [b"the real one\0"], "md5": [b"md5" + outer + b"\0"]}
    assert given == expected[method]


@pytest.mark.parametrize(
    ("request_body", "words"),
    [(b"\0\0\0\x07", "authentication method 7"), (b"\0\0\0\x0aSCRAM-SHA-1\0\0", "no SCRAM-SHA-256")],
)
async def test_a_server_that_wants_what_the_proxy_cannot_do(
    recorder: Recorder, request_body: bytes, words: str
) -> None:
    """A server that wants what the proxy cannot do."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
        writer.write(script.message("R", request_body))
        await reader.read()

    async with scripted(serve) as upstream, PostgresProxy(upstream, replica="A", recorder=recorder) as proxy:
        with pytest.raises(psycopg.OperationalError, match=words):
            await psycopg.AsyncConnection.connect(proxy.url)


async def test_a_protocol_that_the_server_does_not_know_is_negotiated(proxy: PostgresProxy) -> None:
    """A protocol that the server does not know is negotiated, and its answer passes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    names = {"user": proxy.upstream.user, "database": proxy.database, "_pq_.wish": "1"}
    writer.write(script.startup((3 << 16) + 9999, **names))
    assert (await reader.readexactly(9))[:1] == b"R"
    writer.write(script.message("p", proxy.secret.encode() + b"\0"))
    answer = await reader.readuntil(script.ready())
    assert answer[:1] == b"v"
    assert b"_pq_.wish\0" in answer
    assert answer.index(b"_pq_.wish\0") < answer.index(script.message("R", bytes(4)))
    writer.close()


SERVER_FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"


def test_scram_is_that_of_rfc_7677() -> None:
    """The example of section 3, but for the user, whom PostgreSQL takes from the startup packet."""
    scram = Scram("pencil", nonce="rOprNGfwEbeRWgbNEkqO")
    scram._bare = "n=user,r=rOprNGfwEbeRWgbNEkqO"  # noqa: SLF001 -- the RFC's exchange names one
    assert scram.answer(SERVER_FIRST) == (
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    scram.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    with pytest.raises(ScramError):
        scram.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=")


@pytest.mark.parametrize("challenge", [b"", b"r=other,s=W22Z,i=4096", b"r=abc,s=W22Z,i=4096", b"r=abcd,s=W22Z,i=0"])
def test_a_challenge_for_someone_else_is_refused(challenge: bytes) -> None:
    """A challenge for someone else is refused."""
    with pytest.raises(ScramError):
        Scram("pencil", nonce="abc").answer(challenge)


@pytest.mark.parametrize(
    ("password", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("\u0007é", "\u0007é"),
    ],
)
def test_a_password_is_prepared_as_rfc_4013_says_or_left_alone(password: str, prepared: str) -> None:
    """A password is prepared as RFC 4013 says or left alone."""
    assert saslprep(password) == prepared
