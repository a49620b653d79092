"""Ask for one thing at a time, have many fetched at once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Loader(Generic[Key, Value]):
    """Collects the keys asked for in one turn of the event loop and fetches them in batches; lives for one request.

    `fetch` is given distinct keys and returns a value for each of them; where it has none, `load` raises KeyError.
    """

    def __init__(self, fetch: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Value]]], *, batch: int = 500) -> None:
        self._fetch = fetch
        self._batch = batch
        self._asked: dict[Key, asyncio.Future[Value]] = {}
        self._waiting: list[Key] = []
        self._gathering: asyncio.Task[None] | None = None

    async def load(self, key: Key) -> Value:
        """Return the value of a key."""
        if key not in self._asked:
            self._asked[key] = asyncio.get_running_loop().create_future()
            self._waiting.append(key)
            if self._gathering is None:
                self._gathering = asyncio.create_task(self._gather())
        return await self._asked[key]

    async def _gather(self) -> None:
        # Everyone who can ask in this turn of the loop has asked when this task goes on.
        await asyncio.sleep(0)
        keys, self._waiting, self._gathering = self._waiting, [], None
        for start in range(0, len(keys), self._batch):
            batch = keys[start : start + self._batch]
            try:
                found = await self._fetch(batch)
            except Exception as error:  # noqa: BLE001 - it is raised where the keys were asked for
                for key in batch:
                    self._asked[key].set_exception(error)
                continue
            for key in batch:
                if key in found:
                    self._asked[key].set_result(found[key])
                else:
                    self._asked[key].set_exception(KeyError(key))
