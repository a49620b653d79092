"""The screen of `kata watch`: checks above, what is to be read below, keys at the foot."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, ClassVar

from rich.console import Group
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from grader.checks import checks_of
from grader.cli import Complaint
from grader.cli.corpus import require_open, solution_of
from grader.cli.diff import parts
from grader.cli.ending import leave_hung_up, write_to_nobody
from grader.cli.hint import give
from grader.cli.reset import said
from grader.cli.terminal import markdown
from grader.cli.watch import bench, view
from grader.cli.watch.board import Board
from grader.cli.watch.files import saves
from grader.cli.watch.fitting import fitted
from grader.cli.watch.playing import play
from grader.explore.token import Token
from grader.grade.workbench import playable
from grader.kata import KATAS, KataError
from grader.progress import ProgressError, hints_of, keep, put_starter, record
from grader.settings import SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from textual.events import Resize

    from grader.checks import Check
    from grader.grade import Options
    from grader.kata import Submission


class Heard(Message):
    """Something has happened on the bench."""

    def __init__(self, event: bench.Event) -> None:
        super().__init__()
        self.event = event


class Watch(App[int]):
    """Grades a submission at every save and shows what came of it; returns the exit status."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #head, #line { height: 1; }
    #head { text-style: bold; }
    #line { color: $text-muted; }
    #checks { height: auto; max-height: 45%; border: none; padding: 0; background: transparent; }
    #checks { scrollbar-size-vertical: 1; }
    #page { height: 1fr; border-top: solid $primary; scrollbar-size: 0 0; overflow: auto; border-title-align: right; }
    #text { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "run", "run"),
        Binding("a", "all", "all"),
        Binding("h", "hint", "hint"),
        Binding("y", "replay", "replay"),
        Binding("p", "play", "play"),
        Binding("d", "diff", "diff"),
        Binding("x", "reset", "reset"),
        Binding("q", "quit", "quit"),
        Binding("escape", "finding", show=False),
        Binding("space", "scroll('page_down')", show=False),
        Binding("b", "scroll('page_up')", show=False),
        Binding("right", "scroll('right')", show=False),
        Binding("left", "scroll('left')", show=False),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
    ]

    def __init__(self, submission: Submission, options: Options) -> None:
        super().__init__()
        self._submission = submission
        self._board = Board(submission.kata, checks_of(submission.kata.slug))
        self._bench = bench.Bench(submission, options, self._hear)
        self._asking = asyncio.Lock()
        self._asked = 0
        self._reading: RenderableType | None = None
        """What stands below instead of the selected check's finding; a text where it is one, which lanes may be in."""
        self._drawn: RenderableType | None = None
        self._width = 80
        self._sure = False
        """Whether the next press of the key resets."""

    def compose(self) -> ComposeResult:
        """Make the widgets."""
        yield Static(id="head", markup=False)
        yield Static("Taking servers …", id="line", markup=False)
        yield OptionList(id="checks", markup=False)
        with VerticalScroll(id="page", can_focus=False):
            yield Static(id="text", markup=False)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to grade, and to watch."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.exit, 128 + signal.SIGTERM)
        loop.add_signal_handler(signal.SIGHUP, lambda: self.run_worker(self._leave_hung_up(), name="end"))
        self._bench.start()
        self._draw()
        self.run_worker(self._watch(), name="saves")

    async def on_unmount(self) -> None:
        """Leave nothing behind."""
        await asyncio.to_thread(self._bench.close)

    async def _leave_hung_up(self) -> None:
        write_to_nobody()
        await asyncio.to_thread(self._bench.close)
        leave_hung_up()

    async def _watch(self) -> None:
        await self._ask(self._board.order())
        async for _ in saves(self._submission.folder):
            await self._ask(self._board.order())

    async def _ask(self, names: Sequence[str], replay: Token | None = None) -> None:
        async with self._asking:  # in the order of keys and saves
            self._asked += 1
            if replay is None:
                self._board.began(tuple(names))
            self._reading, self._sure = None, False
            self._draw(select=replay is None)
            await asyncio.to_thread(self._bench.ask, self._asked, names, replay)

    def _hear(self, event: bench.Event) -> None:
        self.post_message(Heard(event))

    def on_heard(self, message: Heard) -> None:
        """Show what has happened on the bench."""
        match message.event:
            case bench.Said(text):
                self._say(text)
            case bench.Trouble(asked, text) if asked == self._asked:
                self._board.began(())
                self._reading = Text(text)
                self._draw()
            case bench.Made(asked, result, replay=False) if asked == self._asked:
                self._board.made(result)
                self._draw(select=not self._board.tells(self._selected()))
            case bench.Made(asked, result, replay=True) if asked == self._asked:
                self._read(view.replayed(result, self._submission))
            case bench.Ended(verdict, replay=False):
                try:
                    record([verdict])
                except ProgressError as error:
                    self._say(str(error))

    def on_option_list_option_highlighted(self) -> None:
        """Show the finding of the check that is selected now."""
        self._draw_page()

    async def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Make the check on which Enter was pressed."""
        await self._ask([str(event.option.id)])

    async def action_run(self) -> None:
        """Make what failed once more."""
        await self._ask(self._board.order(self._board.failed) or self._board.order())

    async def action_all(self) -> None:
        """Make all checks once more."""
        await self._ask(self._board.order())

    def action_hint(self) -> None:
        """Give one more hint for the task of the selected check."""
        kata = self._board.kata
        check = self._selected()
        try:
            hints = hints_of(kata)[check.task]
            steps, rest = give(kata, hints)
        except (ProgressError, KataError) as error:
            self._read(Text(str(error)))
            return
        head = Text(f"Task {hints.task}: {hints.title}", style="bold")
        self._read(Group(head, *map(markdown, steps), Text(rest, style="dim")))

    async def action_replay(self) -> None:
        """Try only the schedule that breaks the selected check, or the first that one breaks."""
        tokens = [
            finding.timeline.token
            for check in (self._selected(), *self._board.shown)
            if (result := self._board.results.get(check.id)) and (finding := result.finding) and finding.timeline
        ]
        if not any(tokens):
            self._read(Text("No schedule is known that breaks one of the checks: there is nothing to replay."))
            return
        token = Token.read(next(filter(None, tokens)))
        await self._ask([token.check], token)
        self._read(Text(f"Replaying {token} …"))

    def action_play(self) -> None:
        """Let the person be the scheduler of the selected check's race; the screen is theirs meanwhile."""
        races = [check.id for check in playable(self._board.kata)]
        if not races:
            self._read(Text(f"Kata {self._number} has no race to play; 04 is one that has: kata play 04"))
            return
        selected = self._selected().id
        with self.suspend():
            play(self._submission.folder, selected if selected in races else "")

    def action_diff(self) -> None:
        """Compare with the reference, where that may be seen."""
        kata = self._board.kata
        try:
            require_open(kata, spoil=False)
            self._read(Group(*parts(self._submission, solution_of(kata, None))))
        except (Complaint, ProgressError, KataError, SettingError) as error:
            self._read(Text(str(error)))

    def action_reset(self) -> None:
        """Put the starter back, at the second press."""
        folder = self._submission.folder
        if folder.parent != KATAS:
            self._read(Text(f"{folder} is not a kata's own folder, so there is no starter to put there."))
        elif not self._sure:
            self._read(Text("Press x again to put the starter back. Your attempt is kept."))
            self._sure = True
        else:
            try:
                kept = keep(folder)
                put_starter(folder)
                text = said(self._board.kata.number, kept)
            except ProgressError as error:
                text = str(error)
            self._read(Text(text))

    def action_finding(self) -> None:
        """Go back to the finding of the selected check."""
        self._reading, self._sure = None, False
        self._draw_page()

    def action_scroll(self, where: str) -> None:
        """Show another part of what stands below."""
        page = self.query_one("#page")
        moves = {"page_down": page.scroll_page_down, "page_up": page.scroll_page_up}
        moves |= {"right": page.scroll_page_right, "left": page.scroll_page_left}
        moves[where](animate=False)

    def on_resize(self, event: Resize) -> None:
        """Lay out all anew in the window's width."""
        self._width = event.size.width
        self._draw()

    def action_interrupt(self) -> None:
        """End at once."""
        self.exit(130)

    @property
    def _number(self) -> str:
        return f"{self._board.kata.number:02d}"

    def _selected(self) -> Check:
        at = self.query_one("#checks", OptionList).highlighted
        return self._board.shown[at or 0]

    def _read(self, what: RenderableType) -> None:
        self._reading, self._sure = what, False
        self._draw_page()

    def _say(self, text: str) -> None:
        self.query_one("#line", Static).update(Text(text, overflow="ellipsis", no_wrap=True))

    def _draw(self, *, select: bool = False) -> None:
        """Draw all anew; `select` puts the selection on the first check that failed."""
        board = self._board
        self.query_one("#head", Static).update(view.head(board))
        checks = self.query_one("#checks", OptionList)
        at = self._selected().id if checks.option_count and not select else board.first
        checks.clear_options()
        checks.add_options([Option(view.row(board, check, self._width - 2), id=check.id) for check in board.shown])
        ids = [check.id for check in board.shown]
        checks.highlighted = ids.index(at)
        self._draw_page()

    def _draw_page(self) -> None:
        shown = self._reading
        if shown is None:
            shown = view.finding(self._board, self._selected(), self._submission)
        if isinstance(shown, str):
            shown = Text(fitted(shown, self._width), no_wrap=True)
        if shown == self._drawn:
            return  # whoever reads it has perhaps scrolled
        self._drawn = shown
        text, page = self.query_one("#text", Static), self.query_one("#page")
        # what is drawn in lanes keeps its lines, however narrow the window is
        text.styles.width = "auto" if isinstance(shown, Text) and shown.no_wrap else "100%"
        text.update(shown)
        page.border_title = "space b ← → scroll"
        page.scroll_home(animate=False)
