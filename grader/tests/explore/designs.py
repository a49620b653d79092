"""Services as somebody may write them, right and wrong, that an exploration must not be fooled by.

Each stands on `OPENING` of the services written by hand: `restock` adds to the stock, `save` writes a version.
"""

from __future__ import annotations

IGNORES = """
async def restock(quantity: int):
    return None


async def save(version: int, title: str):
    return None
"""
FROM_MEMORY = """
stock = 10


async def restock(quantity: int):
    global stock
    stock += quantity
    return stock
"""
BLIND = """
async def restock(quantity: int):
    async with transaction() as connection:
        await connection.execute("UPDATE books SET stock = 10 + %s WHERE id = 1", [quantity])
"""

_LOCKED = """
async def restock(quantity: int):
    async with transaction() as connection:
        await write(connection, await stock_of(connection, " FOR UPDATE") + quantity)
"""
_ONE_LOCK = """
async def restock(quantity: int):
    async with transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(1)")
        await write(connection, await stock_of(connection) + quantity)
"""
_LOCK_OF_THE_PROCESS = """
lock = asyncio.Lock()


async def restock(quantity: int):
    async with lock, transaction() as connection:
        await write(connection, await stock_of(connection, " FOR UPDATE") + quantity)
"""
_SLEEPS_BEFORE = """
async def restock(quantity: int):
    await asyncio.sleep(60)
    async with transaction() as connection:
        await write(connection, await stock_of(connection, " FOR UPDATE") + quantity)
"""
_SLEEPS_BETWEEN = """
async def restock(quantity: int):
    async with transaction() as connection:
        stock = await stock_of(connection, " FOR UPDATE")
        await asyncio.sleep(60)
        await write(connection, stock + quantity)
        await asyncio.sleep(60)
"""
_POLLS = """
async def restock(quantity: int):
    while True:
        async with transaction() as connection:
            cursor = await connection.execute("SELECT pg_try_advisory_xact_lock(1)")
            if (await cursor.fetchone())[0]:
                await write(connection, await stock_of(connection) + quantity)
                return
        await asyncio.sleep(1)
"""
_TIMES_OUT = """
async def restock(quantity: int, response: Response):
    try:
        async with asyncio.timeout(2), transaction() as connection:
            await write(connection, await stock_of(connection, " FOR UPDATE") + quantity)
    except TimeoutError:
        response.status_code = 409
"""
_AFTER_THE_ANSWER = """
async def work(quantity):
    async with transaction() as connection:
        await write(connection, await stock_of(connection, " FOR UPDATE") + quantity)


async def restock(quantity: int, tasks: BackgroundTasks):
    tasks.add_task(work, quantity)
"""
_LATE_AFTER_THE_ANSWER = _AFTER_THE_ANSWER.replace("(quantity):\n", "(quantity):\n    await asyncio.sleep(60)\n", 1)
_OVER_TWO_CONNECTIONS = """
async def note(said):
    async with transaction() as connection:
        await connection.execute("INSERT INTO log (said) VALUES (%s)", [said])


async def add(quantity):
    async with transaction() as connection:
        await write(connection, await stock_of(connection, " FOR UPDATE") + quantity)


async def restock(quantity: int):
    await asyncio.gather(note("restock"), add(quantity))
"""
_IN_A_THREAD = """
def restock(quantity: int):
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        stock = connection.execute("SELECT stock FROM books WHERE id = 1 FOR UPDATE").fetchone()[0]
        connection.execute("UPDATE books SET stock = %s WHERE id = 1", [stock + quantity])
"""
_READS_ON = """
kept = []


async def restock(quantity: int):
    async with transaction() as connection:
        await write(connection, await stock_of(connection, " FOR UPDATE") + quantity)
    if not kept:
        kept.append(await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"]))
    await kept[0].execute("SELECT count(*) FROM log")
"""
_RETRIES = """
async def restock(quantity: int):
    while True:
        try:
            async with transaction(psycopg.IsolationLevel.SERIALIZABLE) as connection:
                await write(connection, await stock_of(connection) + quantity)
                return
        except psycopg.errors.SerializationFailure:
            continue
"""
_BESIDE_A_LOOP = """
tasks = []


async def look_for_work():
    while True:
        await asyncio.sleep(60)
        async with transaction() as connection:
            await connection.execute("SELECT count(*) FROM log")


async def restock(quantity: int):
    if not tasks:
        tasks.append(asyncio.create_task(look_for_work()))
    async with transaction() as connection:
        await write(connection, await stock_of(connection, " FOR UPDATE") + quantity)
"""

RIGHT = {
    "locks the row": _LOCKED,
    "takes one lock for everything": _ONE_LOCK,
    "takes a lock of its process, and the row's": _LOCK_OF_THE_PROCESS,
    "sleeps before its statements": _SLEEPS_BEFORE,
    "sleeps between its statements": _SLEEPS_BETWEEN,
    "polls": _POLLS,
    "waits no longer than a while": _TIMES_OUT,
    "writes after the answer": _AFTER_THE_ANSWER,
    "writes long after the answer": _LATE_AFTER_THE_ANSWER,
    "uses two connections at once": _OVER_TWO_CONNECTIONS,
    "works in a thread": _IN_A_THREAD,
    "leaves a transaction open that only reads": _READS_ON,
    "tries again after a serialization failure": _RETRIES,
    "has a loop beside it": _BESIDE_A_LOOP,
}
"""They restock rightly, each in its way."""
_RACING = (_LOCKED, _LOCK_OF_THE_PROCESS, _SLEEPS_BEFORE, _SLEEPS_BETWEEN, _AFTER_THE_ANSWER, _LATE_AFTER_THE_ANSWER)
_ALSO_RACING = (_OVER_TWO_CONNECTIONS, _IN_A_THREAD, _BESIDE_A_LOOP)
WRONG = {
    name: design.replace(" FOR UPDATE", "") for name, design in RIGHT.items() if design in (*_RACING, *_ALSO_RACING)
}
"""The same, without the lock of the row: a restock may be lost."""

ROLLS_DICE = {
    "over the lock": """
async def restock(quantity: int):
    async with transaction() as connection:
        await write(connection, await stock_of(connection, random.choice(["", " FOR UPDATE"])) + quantity)
""",
    "over another statement": """
async def restock(quantity: int):
    async with transaction() as connection:
        if random.random() < 0.5:
            await connection.execute("INSERT INTO log (said) VALUES ('restock')")
        await write(connection, await stock_of(connection, " FOR UPDATE") + quantity)
""",
    "over what it writes": """
async def restock(quantity: int):
    async with transaction() as connection:
        await write(connection, await stock_of(connection, " FOR UPDATE") + random.choice([quantity, 1]))
""",
    "over refusing": """
async def restock(quantity: int, response: Response):
    async with transaction() as connection:
        stock = await stock_of(connection, " FOR UPDATE")
        if random.random() < 0.3:
            response.status_code = 409
        else:
            await write(connection, stock + quantity)
""",
}
"""Their outcome is random."""

ENDLESS = """
async def save(version: int, title: str, response: Response):
    async with transaction() as connection:
        cursor = await connection.execute("SELECT version FROM books WHERE id = 1")
        if (await cursor.fetchone())[0] != version:
            response.status_code = 409
            return
    while True:
        async with transaction() as connection:
            cursor = await connection.execute(
                "UPDATE books SET title = %s, version = version + 1 WHERE id = 1 AND version = %s", [title, version]
            )
            if cursor.rowcount == 1:
                return
"""
SPINS = _POLLS.replace("        await asyncio.sleep(1)\n", "")
KEEPS_ITS_LOCK = """
async def restock(quantity: int):
    connection = await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"])
    free.append(connection)
    await write(connection, await stock_of(connection, " FOR UPDATE") + quantity)
"""
LOCKS_A_FILE = """
import fcntl


def restock(quantity: int):
    with open(os.__file__) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            stock = connection.execute("SELECT stock FROM books WHERE id = 1").fetchone()[0]
            connection.execute("UPDATE books SET stock = %s WHERE id = 1", [stock + quantity])
"""
SLOW_TO_SHOW = (
    _SLEEPS_BEFORE
    + """

async def book():
    await asyncio.sleep(60)
    async with transaction() as connection:
        return await stock_of(connection)
"""
)
