"""The command line: list, search, show, check and cite formulas.

What proves and prints is loaded when a command runs, so that ``--help`` comes at once.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from rnnnotes.book.check.checking import Outcome
    from rnnnotes.book.state.formulas import Formula, Listed

__all__ = ["main", "summary"]

VERDICTS = ("definition", "proved", "proved at sizes", "tested", "cited", "failed")
"""Columns of the summary: each verdict, and that there is none."""

STYLES = {"definition": "cyan", "proved": "green", "proved at sizes": "green", "tested": "yellow",
          "cited": "yellow", "failed": "bold red"}  # fmt: skip

FORMATS = ("bibtex", "markdown", "latex", "numpy", "sympy", "json")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rnnnotes", message="%(prog)s %(version)s")
def main() -> None:
    """Look up, check and cite the formulas of the notes on recurrent networks.

    A formula has an id, such as vanilla_rnn.hidden_state: its chapter and its name.  Its
    keyword, or an id that it had before, stands for it as well.  One of your own is found in
    its file, as my_cells.py:my_step.
    """


@main.command("list")
@click.argument("chapters", nargs=-1, metavar="[CHAPTER|FILE]...")
def list_(chapters: tuple[str, ...]) -> None:
    """List the formulas by chapter, with their verdicts.

    A formula whose verdict is not known yet is checked first.
    """
    from rich.table import Table

    console, chosen = _console(), [one for name in chapters for one in _formulas_of(name)]
    wanted = _by_chapter(chosen) if chapters else _by_chapter()
    outcomes = _check([stated for group in wanted.values() for stated in group], console)
    for chapter, group in wanted.items():
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for stated in group:
            table.add_row(f"  {stated.id}", _styled(outcomes[stated.id].verdict), stated.title)
        console.print(chapter, style="bold")
        console.print(table)


@main.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(min=1), default=10, show_default=True,
              help="How many formulas are shown at most.")  # fmt: skip
def search(words: tuple[str, ...], limit: int) -> None:
    r"""Search for formulas by words, symbols, LaTeX or names of libraries.

    Such as: last hidden state, W_hh, '\odot', bias_hh, clip_grad_norm_.  Below each formula
    stands where it holds which words.  The exit code is 1 if nothing is found.
    """
    from rnnnotes.book.find.searching import search as found
    from rnnnotes.book.find.searching import suggestion

    query = " ".join(words)
    hits = found(query, limit)
    if not hits:
        raise click.ClickException(f"nothing found for {query!r}; {suggestion(query)}")
    for heading, hit in zip(_aligned(hit[:2] for hit in hits), hits, strict=True):
        click.echo(f"{heading}\n    {hit.reason}")


@main.command()
@click.argument("id")
@click.option("--latex", "as_latex", is_flag=True, help="Write equations in LaTeX.")
def show(id: str, as_latex: bool) -> None:
    """Show a formula: equation, symbols, code, derivation and verdict."""
    from rnnnotes.book.keeping import answered

    question = "show", id, "latex" if as_latex else "text"
    _print_sections(answered(question, lambda: _shown(id, as_latex)))


def _shown(id: str, as_latex: bool) -> list[tuple[str, list[str]]]:
    """What is shown of a formula, if it passes; else it is printed, and the program ends."""
    from rnnnotes.book.write.latex import argument_latex, latex, range_latex
    from rnnnotes.book.write.plaintext import argument_text, range_text, text

    stated = _find(id)
    outcome = _check([stated], _console(), workers=1)[stated.id]
    in_latex, in_text = (latex, range_latex, argument_latex), (text, range_text, argument_text)
    writers = in_latex if as_latex else in_text
    with _refusals():
        sections = [*_sections(stated, outcome, *writers)]
    if not outcome.passed:
        _print_sections(sections)
        raise SystemExit(1)
    return sections


def _print_sections(sections: Iterable[tuple[str, list[str]]]) -> None:
    console = _console()
    for title, lines in sections:
        console.print(title, style="bold")
        for line in lines:
            console.print(f"  {line}" if line else "")
        console.print()


def _sections(
    stated: Formula,
    outcome: Outcome,
    write: Callable[[Any], str],
    write_range: Callable[..., str],
    write_argument: Callable[[Any], str],
) -> Iterator[tuple[str, list[str]]]:
    """Titles and lines of what is shown of a formula."""
    from rnnnotes.book.cite.citing import permalink

    yield f"{stated.title} ({stated.id})", [write(stated.statement)]
    if stated.hypotheses:
        yield "Suppose", [write(hypothesis) for hypothesis in stated.hypotheses]
    if stated.provisos:
        yield "Where", [write(condition) for condition in stated.provisos]
    if ranges := stated.index_ranges():
        yield "For all", [write_range(*bounds) for bounds in ranges]
    yield "Symbols", _aligned(_symbols(stated))
    parameters = ", ".join(inspect.signature(stated.code).parameters)
    yield "Code", [f"def {stated.name}({parameters}):",
                   *(f"    {line}" for line in stated.source_code.splitlines())]  # fmt: skip
    if stated.bindings:
        yield "In the code", _aligned([(name, write_argument(value))
                                       for name, value in stated.bindings.items()])  # fmt: skip
    if stated.derivation:
        first = (write(stated.statement.left), "")
        steps = [(f"{_sign(line.sign)} {write(line.expr)}", line.because)
                 for line in stated.derivation]  # fmt: skip
        yield "Derivation", _steps([first, *steps])
    yield "Verdict", [outcome.failure if outcome.result is None else repr(outcome.result)]
    if stated.given:
        yield "Uses", _aligned([(parent.id, parent.title) for parent in stated.given])
    if stated.used_by:
        yield "Used by", _aligned([(user.id, user.title) for user in stated.used_by])
    if stated.bibliography:
        yield "Goes back to", [source.cited() for source in stated.bibliography]
    yield ("File", [str(stated.file)]) if stated.file else ("Permalink", [permalink(stated.id)])


def _sign(sign: str) -> str:
    return {"<=": "≤"}.get(sign, sign)


def _steps(steps: list[tuple[str, str]]) -> list[str]:
    """Lines of a derivation, each with its reason below."""
    lines: list[str] = []
    for line, because in steps:
        lines.append(line)
        if because:
            lines.append(f"      {because}")
    return lines


def _symbols(stated: Formula) -> list[tuple[str, str, str]]:
    """Name, shape and meaning of what a statement is made of."""
    return [(one.name, _shape(one), one.meaning) for one in stated.letters if one.kind != "index"]


def _shape(listed: Listed) -> str:
    if listed.kind != "symbol":
        return listed.kind
    shape = ", ".join(map(str, listed.letter.shape))
    return f"({shape})" if shape else "number"


def _aligned(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows with their columns one below the other."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]


@main.command()
@click.argument("which", nargs=-1, metavar="[ID|CHAPTER|FILE|FOLDER]...")
@click.option("--no-cache", is_flag=True, help="Prove anew what is known from before.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes that prove.")
@click.option("--limit", type=click.FloatRange(min=0, min_open=True), default=60.0,
              show_default=True, help="Seconds that one proof may take.")  # fmt: skip
def check(which: tuple[str, ...], no_cache: bool, workers: int | None, limit: float) -> None:
    """Check formulas, and all that they rest on; without an argument, the whole book.

    A file of your own is given by its path, as my_cells.py, and so is a folder of such files.
    Each line of a derivation is compared with the line before it, and the code with the
    statement.  The exit code is 1 if a formula does not pass.
    """
    console = _console()
    chosen = [stated for name in which for stated in _formulas_of(name)] if which else None
    outcomes = _check(chosen, console, each=True, cached=not no_cache, workers=workers, limit=limit)
    console.print()
    console.print(summary(outcomes, plain=not console.is_terminal))
    failed = [outcome for outcome in outcomes.values() if not outcome.passed]
    for outcome in failed:
        console.print()
        console.print(outcome.stated.id, style=STYLES["failed"])
        console.print(outcome.failure)
    if failed:
        raise SystemExit(1)


@main.command()
@click.argument("id")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="bibtex",
              show_default=True, help="numpy and sympy run in an empty file.")  # fmt: skip
def cite(id: str, format_: str) -> None:
    """Cite a formula, or write the code that computes it."""
    from rnnnotes.book.keeping import answered

    click.echo(answered(("cite", id, format_), lambda: _cited(id, format_)), nl=False)


def _cited(id: str, format_: str) -> str:
    from rnnnotes.book.cite.citing import cite as written

    with _refusals():
        return written(_find(id), format_)


@main.command()
@click.argument("id")
@click.argument("function", metavar="FILE.py:FUNCTION")
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="THEIRS=OURS",
    help="What a parameter is given: an expression of NumPy, or several with commas.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="OURS=VALUE",
    help="An argument that is built in: a function, as in f=tanh, or 0 or 1.",
)
@click.option("--batch", is_flag=True, help="It takes a batch, each row of which is a case.")
def compare(
    id: str, function: str, maps: tuple[str, ...], where: tuple[str, ...], batch: bool
) -> None:  # fmt: skip
    """Hold a function of your own against a formula.

    FUNCTION[1] is an item of the tuple that it returns.  The exit code is 1 if they differ.
    """
    from rnnnotes.book.compare.calling import found_in
    from rnnnotes.book.compare.comparing import compare as held
    from rnnnotes.book.find.files import FileError
    from rnnnotes.book.state.arguments import ArgumentError

    stated = _find(id)
    try:
        code, item = found_in(function)
        same = held(stated.id, code, maps=_pairs(maps), where=_pairs(where), item=item, batch=batch)
    except (ArgumentError, FileError) as error:
        raise click.UsageError(str(error)) from None
    except AssertionError as error:
        click.echo(str(error))
        raise SystemExit(1) from None
    click.echo(repr(same))


def _pairs(given: Iterable[str]) -> dict[str, str]:
    """Names and values, as of ``h=h_prev``."""
    pairs = {name.strip(): value for name, _, value in (one.partition("=") for one in given)}
    for name, value in pairs.items():
        if not (name and value):
            raise click.UsageError(f"{name!r}: expected NAME=VALUE")
    return pairs


# -- What is asked for -----------------------------------------------------------------------------


def _by_chapter(chosen: Iterable[Formula] | None = None) -> dict[str, list[Formula]]:
    """Formulas of each chapter, all of them or some."""
    from rnnnotes.book.find.chapters import find_all

    found: dict[str, list[Formula]] = {}
    for stated in find_all().values() if chosen is None else chosen:
        found.setdefault(stated.chapter, []).append(stated)
    return found


def _find(id: str) -> Formula:
    from rnnnotes.book.find.finding import find_named

    with _refusals():
        return find_named(id)


@contextmanager
def _refusals() -> Iterator[None]:
    """Say what is refused without a traceback; the exit code tells a slip from a mistake."""
    from rnnnotes.book.find.files import FileError
    from rnnnotes.book.find.finding import UnknownFormulaError
    from rnnnotes.book.language.nodes import StatementError

    try:
        yield
    except UnknownFormulaError as error:
        raise click.UsageError(str(error)) from None
    except (AssertionError, FileError, StatementError) as error:
        raise click.ClickException(str(error)) from None


def _formulas_of(name: str) -> list[Formula]:
    """Formulas of a chapter, a file or a folder, or the formula of an id."""
    from rnnnotes.book.find.files import formulas_at
    from rnnnotes.book.state.identity import is_place

    chapters = _by_chapter()
    if is_place(name) or (name not in chapters and Path(name).is_dir()):
        with _refusals():
            return formulas_at(name)
    if "." in name:
        return [_find(name)]
    if Path(f"{name}.py").is_file():
        raise click.UsageError(f"no chapter {name!r}; the file is given as {name}.py")
    return chapters[_nearest(name, chapters, "chapter")]


def _nearest(name: str, known: Iterable[str], kind: str) -> str:
    """Return a name that is known; refuse another, and suggest."""
    names = list(known)
    if name in names:
        return name
    nearest = difflib.get_close_matches(name, names, n=3, cutoff=0.4) or names
    raise click.UsageError(f"no {kind} {name!r}; the nearest are {', '.join(nearest)}")


# -- What is shown ---------------------------------------------------------------------------------


def _console(*, stderr: bool = False) -> Console:
    """Console that sets nothing but what it is told to: a formula is full of brackets."""
    from rich.console import Console

    console = Console(markup=False, highlight=False, emoji=False, soft_wrap=True, stderr=stderr)
    if not console.is_terminal:
        console.width = 10_000  # a pipe has no width, and a line is not to be broken
    return console


def _styled(verdict: str) -> Any:
    from rich.text import Text

    return Text(verdict, STYLES[verdict])


def _check(
    chosen: Iterable[Formula] | None, console: Console, *, each: bool = False, **options: Any
) -> dict[str, Outcome]:
    """Check formulas behind a progress bar, and print what came of each if that is wanted."""
    from rnnnotes.book.check.checking import check_all

    with _progress() as advance:

        def note(outcome: Outcome, done: int, total: int) -> None:
            advance(done, total)
            if each:
                _print_outcome(console, outcome)

        return check_all(chosen, note, **options)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Progress bar, which a pipe does not show."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = _console(stderr=True)
    with Progress(*columns, console=console, transient=True,
                  disable=not console.is_terminal) as bar:  # fmt: skip
        task = bar.add_task("checking", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print_outcome(console: Console, outcome: Outcome) -> None:
    from rich.text import Text

    seconds = "known" if outcome.cached else f"{outcome.seconds:.2f} s"
    line = Text(f"{outcome.stated.id:<44} ")
    line.append(f"{outcome.verdict:<16}", STYLES[outcome.verdict])
    line.append(f"{seconds:>8}")
    console.print(line)


def summary(outcomes: Mapping[str, Outcome], *, plain: bool = False) -> Table:
    """Table of how many formulas of each chapter have each verdict, and of the seconds.

    Parameters
    ----------
    outcomes : mapping of str to Outcome
        What came of checking each formula.
    plain : bool, optional
        Whether to leave out the rules, for a file or a pipe.

    Returns
    -------
    Table
        For a `rich.console.Console` to print.
    """
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(box=None if plain else SIMPLE, show_footer=True, pad_edge=False)
    every = list(outcomes.values())
    shown = [v for v in VERDICTS if any(outcome.verdict == v for outcome in every)]
    table.add_column("chapter", footer="all")
    for verdict in shown:
        count = sum(outcome.verdict == verdict for outcome in every)
        table.add_column(verdict, footer=str(count), justify="right")
    table.add_column("formulas", footer=str(len(every)), justify="right")
    table.add_column("seconds", footer=_seconds(every), justify="right")
    for chapter in dict.fromkeys(outcome.stated.chapter for outcome in every):
        rows = [outcome for outcome in every if outcome.stated.chapter == chapter]
        counts = [sum(outcome.verdict == verdict for outcome in rows) for verdict in shown]
        table.add_row(chapter, *(str(n) if n else "" for n in counts), str(len(rows)),
                      _seconds(rows))  # fmt: skip
    return table


def _seconds(outcomes: list[Outcome]) -> str:
    return f"{sum(outcome.seconds for outcome in outcomes):.1f}"
