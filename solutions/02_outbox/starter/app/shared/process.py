"""What the background processes have in common: they stop when they are told to, and pause between rounds."""

import asyncio
import logging
import signal
from contextlib import suppress


class Stop:
    """Set by SIGTERM and SIGINT: finish the round, then leave."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._asked.set)

    @property
    def asked(self) -> bool:
        """Whether the process is to stop."""
        return self._asked.is_set()

    async def pause(self, seconds: float) -> None:
        """Return after so many seconds, or as soon as the process is to stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._asked.wait()


def log_to_stderr() -> None:
    """Have what a process logs printed."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
