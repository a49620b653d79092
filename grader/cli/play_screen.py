"""The screen of `kata play`: keys become moves of a game, and the game is drawn."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.widgets import Static

from grader.cli.play_drawing import View, draw
from grader.grade.workbench import games_of
from grader.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from grader.checks import Check
    from grader.lab import Lab
    from grader.lab.playing import Game
    from grader.lab.position import Position, Seat

LOOK_SECONDS = 0.1
"""How often the number of schedules that were tried is drawn anew."""
LANES = "abc"
"""The key of each lane."""
WELCOME = "The requests are held before their first statements. Let them go, in any order: can you break it?"
WELCOME_TO_A_CRASH = (
    "The request is held before its first statement. Let it go, and crash it somewhere: can you break it?"
)
FAULTS = (
    ("cut", "before", "cut its connection before the step, which is never sent"),
    ("cut", "after", "cut its connection after the step, so that the reply is lost"),
    ("kill", "before", "kill its process before the step"),
)


@dataclass(frozen=True, slots=True)
class Sitting:
    """What is played: the kata and the code in words, the folder to name in commands, and the races there are."""

    kata: str
    on: str
    folder: str
    checks: tuple[Check, ...]
    first: Check
    number: int = 1
    """Which race of the first check."""


class PlayApp(App[None]):
    """Plays the races of one submission, which is on the bench."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []
    CSS = "Screen { overflow: hidden; } #board { width: 100%; height: 100%; }"

    def __init__(self, lab: Lab, sitting: Sitting) -> None:
        super().__init__(ansi_color=True)
        self.token = ""
        """What replays the last run that broke the check."""
        self._lab = lab
        self._sitting = sitting
        self._board = Static(id="board", markup=False)
        self._check = sitting.first
        self._games: list[Game] = []
        self._game: Game | None = None
        self._told: tuple[tuple[str, str], ...] = (("Putting the service on the bench …", ""),)
        self._menu: dict[str, tuple[str, str, str]] = {}
        """Faults by the key that chooses them, while one is chosen: actor, verb, place."""
        self._races: dict[str, Check] = {}
        """Checks by the key that chooses them, while one is chosen."""
        self._trying = False
        """The worst is looked for."""
        self._keys: asyncio.Queue[str] = asyncio.Queue()
        self._work: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        """Yield the one widget that all is drawn on."""
        yield self._board

    def on_mount(self) -> None:
        """Begin to play."""
        self._work = asyncio.create_task(self._play())
        self._work.add_done_callback(lambda _: self.exit())
        self.set_interval(LOOK_SECONDS, self._look)

    def on_resize(self) -> None:
        """Draw anew."""
        self._draw()

    def on_key(self, event: events.Key) -> None:
        """Take a key; those that come while a move is made wait for their turn."""
        event.stop()
        if event.key in {"q", "ctrl+c", "ctrl+q", "ctrl+d"}:
            self.exit()
        else:
            self._keys.put_nowait(event.key)

    async def end(self) -> None:
        """Give up what is played; raise what ended it, if it was not the player."""
        if self._work is not None:
            self._work.cancel()
            try:
                await self._work
            except asyncio.CancelledError:
                pass
            finally:
                if self._game is not None:
                    await self._game.close()

    # playing

    async def _play(self) -> None:
        await self._deal(self._sitting.first, self._sitting.number)
        while True:
            self._draw()
            key = await self._keys.get()
            if self._races or self._menu:
                await self._chosen(key)
            elif self._game is not None:
                await self._make(self._game, key)

    async def _deal(self, check: Check, number: int = 1) -> None:
        """Put a race of a check on the table."""
        game, self._game = self._game, None
        if game is not None:
            await game.close()
        self._told = (("Putting the service on the bench …", ""),)
        self._draw()
        if check is not self._check or not self._games:
            self._games = await games_of(self._lab, check)
        if not self._games:
            raise Finding(f"made the check {check.id}", "it came to no race", "it has one to play")
        self._check = check
        self._game = next((game for game in self._games if game.number == number), self._games[0])
        await self._game.open()
        self._told = ((_welcome(self._game), ""),)

    async def _make(self, game: Game, key: str) -> None:
        """Do what a key says."""
        self._told = ()
        match key:
            case "a" | "b" | "c" if LANES.index(key) < len(game.position.seats):
                await self._let_go(game, game.position.seats[LANES.index(key)])
            case "space" | "enter" | "right":
                await game.follow()
            case "z" | "backspace" | "left":
                await game.back()
            case "r":
                await game.restart()
                self._told = ((_welcome(game), ""),)
            case "x":
                self._offer_faults(game.position)
            case "w":
                await self._show_the_worst(game)
            case "n":
                await self._next(game)
            case "o":
                self._races = {str(n): check for n, check in enumerate(self._sitting.checks[:9], 1)}
            case _:
                pass
        if (ruling := game.position.ruling) is not None and ruling.token:
            self.token = ruling.token

    async def _let_go(self, game: Game, seat: Seat) -> None:
        if seat.answer:
            told = f"answered {seat.answer}" if seat.answer.isdigit() else "without an answer"
            self._told = ((f"{seat.name} is done, {told}.", ""),)
        elif seat.waiting and not seat.may_go:
            self._told = ((f"{seat.name} waits for a lock that another request holds; let that one go.", ""),)
        else:
            await game.go(seat.name)

    async def _show_the_worst(self, game: Game) -> None:
        self._told, self._trying = (("Trying everything …", ""),), True
        self._draw()
        try:
            told = await game.worst()
        finally:
            self._trying = False
        if game.position.plan:
            told += " The worst is set out: the space bar takes its steps, one by one."
        self._told = ((told, "bold"),)

    async def _next(self, game: Game) -> None:
        """Go on to the next race of the check, then to the next check."""
        later = [other for other in self._games if other.number > game.number]
        if later:
            await self._deal(self._check, later[0].number)
            return
        checks = self._sitting.checks
        await self._deal(checks[(checks.index(self._check) + 1) % len(checks)])

    def _offer_faults(self, position: Position) -> None:
        held = [step.actor for seat in position.seats for step in seat.standing]
        faults = [(actor, verb, place) for actor in held for verb, place, _ in FAULTS]
        self._menu = {str(number): fault for number, fault in enumerate(faults[:9], 1)}
        if not self._menu:
            self._told = (("Nobody holds a step to crash at.", ""),)

    async def _chosen(self, key: str) -> None:
        """Take the choice from what was offered; any other key takes the offer away."""
        faults, self._menu = self._menu, {}
        races, self._races = self._races, {}
        self._told = ()
        if key in races:
            await self._deal(races[key])
        elif key in faults and self._game is not None:
            await self._game.crash(*faults[key])

    # drawing

    def _look(self) -> None:
        explored = self._game.explored if self._game is not None else None
        if explored is not None:
            wrong = f", {len(explored.failing)} of them wrong" if explored.failing else ""
            self._told = ((f"Trying everything: {explored.schedules} so far{wrong} …", ""),)
            self._draw()

    def _draw(self) -> None:
        columns, height = self.size
        self._board.update(draw(self._view(), columns, height))

    def _view(self) -> View:
        sitting, game = self._sitting, self._game
        checks = sitting.checks
        which = f"check {checks.index(self._check) + 1} of {len(checks)}"
        if game is None:
            return View(sitting.kata, which, self._check.title, "q quit", told=self._told)
        if len(self._games) > 1:
            which += f", {game.number} of its {len(self._games)}"
        return View(
            f"{sitting.kata} · {sitting.on}",
            which,
            self._check.title,
            self._offered() or _keys(game.position),
            game.position,
            self._said(game.position),
            tuple(self._choices()),
        )

    def _said(self, position: Position) -> tuple[tuple[str, str], ...]:
        """Return what there is to say, if something else is not chosen from."""
        if self._menu or self._races:
            return ()
        return self._told if self._trying else (*self._told, *_said(position, self._sitting.folder))

    def _offered(self) -> str:
        return "a number chooses, any other key goes back" if self._menu or self._races else ""

    def _choices(self) -> Sequence[str]:
        if self._races:
            return [f"  {key}  {check.title}" for key, check in self._races.items()]
        words = {(verb, place): words for verb, place, words in FAULTS}
        return [f"  {key}  {actor}: {words[verb, place]}" for key, (actor, verb, place) in self._menu.items()]


def _welcome(game: Game) -> str:
    return WELCOME_TO_A_CRASH if game.of_crashes else WELCOME


def _keys(position: Position) -> str:
    own = "space go" if position.plan else f"{' '.join(LANES[: len(position.seats)])} go"
    return f"{own} · x crash · z back · r restart · w worst · n next · o others · q quit"


def _said(position: Position, folder: str) -> list[tuple[str, str]]:
    """Return what there is to say of a position."""
    ruling = position.ruling
    if ruling is None:
        return [(f"{position.remark}.", "")] if position.remark else []
    retried = f" The retry, on the other replica, was answered {ruling.retried}." if ruling.retried else ""
    if ruling.broken is False:
        return [(f"✔ All is done, and {ruling.seen}.{retried} z goes back, w looks for the worst.", "bold green")]
    name = f" ({ruling.anomaly})" if ruling.anomaly else ""
    said = (
        (f"No verdict: {ruling.seen}.", "bold")
        if ruling.broken is None
        else (f"✘ It is broken{name}: {ruling.seen}. Must hold: {ruling.expected}.{retried}", "bold red")
    )
    log = [(f"The service printed:  {', '.join(ruling.printed)}", "")] if ruling.printed else []
    why = [(ruling.why, "")] if ruling.why else []
    again = [(f"Again: pytest {folder} --replay {ruling.token}", "")] if ruling.token else []
    return [said, *log, *why, *again]
