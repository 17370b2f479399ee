"""Stubs of the chapters: what each offers, with the docstrings that `help` shows.

A docstring in the file of a chapter leaves to the notation what each parameter stands for, and
is completed when its formula is stated.  A program that reads files and runs none of them, such
as an editor, would miss the rest.  So a wheel carries a stub beside each chapter, written with
``python -m rnnnotes.book.cite.stubs FOLDER``.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click

from rnnnotes.book.find.chapters import chapters
from rnnnotes.book.state.identity import BOOK

__all__ = ["stub", "write"]


def write(folder: Path) -> list[Path]:
    """Write the stub of each chapter.

    Parameters
    ----------
    folder : Path
        Folder of the files, which is made if it is not there.

    Returns
    -------
    list of Path
        A file ``<chapter>.pyi`` for each chapter.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = write(Path(folder))
    >>> sorted(path.name for path in paths)[:2]
    ['attention.pyi', 'bptt.pyi']
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{chapter}.pyi" for chapter in chapters()]
    for path in paths:
        path.write_text(stub(path.stem), encoding="utf-8")
    return paths


def stub(chapter: str) -> str:
    """Stub of a chapter: its functions and names without code, and the imports that these need.

    Parameters
    ----------
    chapter : str
        Name of the chapter.

    Returns
    -------
    str
        Text of a file that type checkers and editors read in place of the chapter.

    Raises
    ------
    TypeError
        If the chapter holds something else than imports, functions, names and their docstrings.

    Examples
    --------
    >>> [line for line in stub("comparison").splitlines() if line.startswith("def ")][:2]
    ['def vanilla_path(H: int) -> Array:', 'def gru_path(z_gate: Array) -> Array:']
    """
    module = importlib.import_module(f"{BOOK}.{chapter}")
    nodes = ast.parse(inspect.getsource(module)).body
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    told, *declared = [_declared(node, module) for node in nodes if node not in imports]
    used = {
        node.id for node in ast.walk(ast.parse("\n".join(declared))) if isinstance(node, ast.Name)
    }
    return "\n".join([told, "", *_needed(imports, used), *declared, ""])


def _declared(node: ast.stmt, module: ModuleType) -> str:
    """What a statement of a chapter declares, without the code."""
    match node:
        case ast.FunctionDef(name=name):
            text = textwrap.indent(_quoted(inspect.getdoc(getattr(module, name)) or ""), "    ")
            return f"\n{_signature(node, module)}\n{text}\n    ..."
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
            return f"\n{name}: {ast.unparse(annotation)}"
        case ast.Assign(targets=[ast.Name(id=name)]):
            return f"\n{name}: {type(getattr(module, name)).__name__}"
        case ast.Expr(value=ast.Constant(value=str(text))):
            return _quoted(inspect.cleandoc(text))
    raise TypeError(
        f"{module.__name__}, line {node.lineno}: expected an import, a function, a name or a "
        f"docstring, got {ast.unparse(node)!r}"
    )


def _signature(function: ast.FunctionDef, module: ModuleType) -> str:
    """Lines of a function before its docstring, as they were written."""
    lines = inspect.getsource(module).splitlines()
    return "\n".join(lines[function.lineno - 1 : function.body[0].lineno - 1])


def _quoted(text: str) -> str:
    """Docstring, its closing quotes on a line of their own if it has several."""
    return "r" * ("\\" in text) + f'"""{text}' + "\n" * ("\n" in text) + '"""'


def _needed(imports: list[ast.Import | ast.ImportFrom], used: set[str]) -> Iterator[str]:
    """Imports of what is used, and of the whole notation: a chapter offers its letters too."""
    for node in imports:
        node.names = [one for one in node.names if (one.asname or one.name) in {"*", *used}]
        if node.names:
            yield ast.unparse(node)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def main(folder: Path) -> None:
    """Write the stub of each chapter into FOLDER."""
    for path in write(folder):
        click.echo(f"wrote {path}")


if __name__ == "__main__":
    main()
