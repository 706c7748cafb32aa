"""The playbooks: short runbooks in Markdown that come with the program, and how they look in a terminal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from cli.app.failures import Failure
from cli.terminal.printable import printable

if TYPE_CHECKING:
    from rich.console import ConsoleOptions, RenderResult
    from rich.markdown import Markdown

_FOLDER = Path(__file__).parent
_FIRST = "cli_jobs"
_TEXT_WIDTH_MAX = 100
"""Longer lines are hard to read."""

_UNWRAPPED = 10_000
"""Wider than any paragraph."""
_GLUE = "\ue000"
"""Stands for a blank within a command while lines are broken: none is broken there."""

_STYLES = {
    "markdown.h1": "bold underline",
    "markdown.h1.underline": "bold underline",
    "markdown.h2": "bold",
    "markdown.code": "cyan",
    "markdown.item.bullet": "dim",
}


class Playbook(NamedTuple):
    """One of them.

    Attributes:
        name: by which it is asked for.
        title: its heading; summary: the sentence that its first paragraph begins with.
        text: all of it, as Markdown.
    """

    name: str
    title: str
    summary: str
    text: str


def names() -> list[str]:
    """The names of all, the one to begin with first."""
    found = sorted(path.stem for path in _FOLDER.glob("*.md"))
    return sorted(found, key=lambda name: name != _FIRST)


def playbook(name: str) -> Playbook:
    """The playbook of that name.

    Raises:
        Failure: there is none; the message names the nearest.
    """
    known = names()
    if name not in known:
        import difflib

        folded = name.casefold().replace("-", "_").removesuffix(".md")
        near = difflib.get_close_matches(folded, known, n=1, cutoff=0.4)
        meant = f": did you mean {near[0]}?" if near else ""
        raise Failure(f'no playbook "{printable(name)}"{meant}', "`cronledger playbooks list` shows all.")
    text = (_FOLDER / f"{name}.md").read_text(encoding="utf-8")
    heading, _, rest = text.partition("\n")
    paragraph = " ".join(rest.strip().partition("\n\n")[0].split())
    found = re.match(r".*?[.?!](?= |$)", paragraph)
    return Playbook(
        name, heading.removeprefix("# "), (found[0] if found else paragraph).replace("`", ""), text
    )


def rendered(page: Playbook, width: int | None, *, colour: bool, unicode: bool) -> str:
    """The page laid out for a terminal, or as plain text. Commands are never wrapped, so that they can be pasted.

    Args:
        page: the playbook.
        width: of the terminal; None: nothing is wrapped.
        colour: whether there are colours.
        unicode: whether symbols beyond ASCII arrive.
    """
    import io

    from rich.console import Console
    from rich.theme import Theme

    columns = _UNWRAPPED if width is None else min(width, _TEXT_WIDTH_MAX)
    console = Console(
        file=io.StringIO(), width=columns, force_terminal=colour, no_color=not colour,
        color_system="auto" if colour else None, highlight=False, emoji=False, legacy_windows=False,
        theme=Theme(_STYLES),
    )  # fmt: skip
    glued = re.sub("`([^`\n]+)`", lambda code: code[0].replace(" ", _GLUE), page.text)
    with console.capture() as capture:
        console.print(_laid_out(glued, colour), crop=False)
    lines = [line.rstrip() for line in capture.get().replace(_GLUE, " ").strip("\n").split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
    return text if unicode else text.replace("\N{BULLET}", "*")


def _laid_out(text: str, colour: bool) -> Markdown:
    """Markdown with calm headings and with commands as they are typed.

    Without colours headings are underlined, and what is code stays between backticks.
    """
    from rich.markdown import CodeBlock, Heading, Markdown
    from rich.text import Text

    class CalmHeading(Heading):
        def __rich_console__(self, _console: object, _options: ConsoleOptions) -> RenderResult:
            self.text.justify = "left"
            yield Text("")
            yield self.text
            if not colour:
                yield Text(("=" if self.tag == "h1" else "-") * self.text.cell_len)

    class Commands(CodeBlock):
        def __rich_console__(self, _console: object, _options: ConsoleOptions) -> RenderResult:
            for line in str(self.text).rstrip().split("\n"):
                command = line.removeprefix("$ ")
                shown = Text("    ", no_wrap=True, overflow="ignore")
                shown.append(line[: len(line) - len(command)], style="dim").append(command, style="cyan")
                yield shown

    class Page(Markdown):
        elements: ClassVar = {**Markdown.elements, "heading_open": CalmHeading, "fence": Commands}

    return Page(text if colour else re.sub("`([^`\n]+)`", "`` `\\1` ``", text))
