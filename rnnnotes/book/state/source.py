"""What the code of a formula is made of: its own instructions, and what it calls."""

from __future__ import annotations

import ast
import dis
import inspect
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any
from uuid import uuid4

from rnnnotes.book.language.nodes import StatementError

__all__ = ["body_of", "instructions", "rests_on", "standalone", "unannotated", "used_by"]

LIBRARIES = {"numpy", "sympy", *sys.stdlib_module_names}
"""Modules whose functions are known by their version, not by their code."""


def plain(code: Any) -> FunctionType:
    """Return the function that was written, without what checks its arguments."""
    function = inspect.unwrap(code)
    assert isinstance(function, FunctionType)
    return function


def text_of(code: Any) -> str:
    """Text of a function, as it stands in its file.

    Raises
    ------
    StatementError
        If it stands in no file, as what `exec` makes.
    """
    try:
        return textwrap.dedent(inspect.getsource(plain(code)))
    except OSError:
        raise StatementError(f"{code.__name__}: its code is in no file, and what runs is to be "
                             "shown: write it to a file") from None  # fmt: skip


def node_of(code: Any) -> ast.FunctionDef:
    """Definition of a function, as Python reads it.

    Raises
    ------
    StatementError
        If it was not written with ``def``, or stands in no file.
    """
    try:
        (node,) = ast.parse(text_of(code)).body
    except SyntaxError:  # a lambda within other code
        node = ast.Pass()
    if not isinstance(node, ast.FunctionDef):
        raise StatementError(f"{code.__name__}: expected a function that is written with `def`")
    return node


def body_of(code: Any) -> str:
    """Body of a function as it stands, without its docstring.

    Raises
    ------
    StatementError
        If it was not written with ``def``, or stands in no file.
    """
    node = node_of(code)
    statements = node.body[int(ast.get_docstring(node) is not None) :]
    if not statements:
        return ""
    first = statements[0]
    lines = text_of(code).splitlines()[first.lineno - 1 : node.end_lineno]
    own_line = not lines[0].encode()[: first.col_offset].strip()
    if not own_line:  # it stands behind the colon
        lines[0] = lines[0].encode()[first.col_offset :].decode()
    return textwrap.dedent("\n".join(lines))


def used_by(code: Any) -> dict[str, Any]:
    """Values from outside a function that it uses, by the names that it uses for them.

    Examples
    --------
    >>> import numpy as np
    >>> list(used_by(lambda v: [np.tanh(entry) for entry in v]))
    ['np']
    """
    function = plain(code)
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    outside = {**function.__globals__, **{name: cell.cell_contents for name, cell in cells}}
    found: dict[str, Any] = {}
    for name, *attributes in sorted(_looked_up(function.__code__)):
        if name in outside:
            path, value = _followed(name, outside[name], attributes)
            found[path] = value
    return found


def _followed(name: str, value: Any, attributes: list[str]) -> tuple[str, Any]:
    """What is taken of a module that is no library, by its name in there."""
    if not isinstance(value, ModuleType) or _is_library(value.__name__):
        return name, value
    if not attributes:
        raise StatementError(f"the code takes all of {name}: name in it what it takes of there")
    first, *others = attributes
    return _followed(f"{name}.{first}", getattr(value, first), others)


def _looked_up(code: CodeType) -> set[tuple[str, ...]]:
    """Names that a function or a function within it looks up outside, and what it takes of each."""
    names: set[tuple[str, ...]] = {(name,) for name in code.co_freevars}
    chain: tuple[str, ...] = ()
    for step in dis.get_instructions(code):
        if chain and step.opname in {"LOAD_ATTR", "LOAD_METHOD"}:
            chain = (*chain, step.argval)
            continue
        names |= {chain} - {()}
        chain = (step.argval,) if step.opname == "LOAD_GLOBAL" else ()
    nested = (_looked_up(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return names.union(*nested)


def rests_on(code: Any) -> list[FunctionType]:
    """Functions of this project that a function calls, each after those that it calls."""
    found: dict[FunctionType, None] = {}

    def visit(function: FunctionType) -> None:
        for value in used_by(function).values():
            if is_ours(value) and plain(value) not in (*found, plain(code)):
                visit(plain(value))
                found[plain(value)] = None

    visit(plain(code))
    return list(found)


def is_ours(value: Any) -> bool:
    """Whether a value is a Python function that no library's version stands for."""
    return isinstance(value, FunctionType) and not _is_library(value.__module__ or "")


def _is_library(module: str) -> bool:
    return module.partition(".")[0] in LIBRARIES


def instructions(code: Any) -> list[str]:
    """Return all that decides what a function computes, in a form that is equal for equal code.

    Comments, names of files and docstrings do not count.
    """
    parts: list[str] = []
    for function in (*rests_on(code), plain(code)):
        parts += [str(inspect.signature(function)), *_code(function.__code__, function.__doc__)]
        parts += [_value(name, value) for name, value in used_by(function).items()]
    return parts


def _code(code: CodeType, doc: str | None = None) -> Iterator[str]:
    yield code.co_code.hex()
    yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code(constant)
        elif constant != doc:
            yield repr(constant)


def _value(name: str, value: Any) -> str:
    """What tells a value; of one whose code is out of reach nothing does, not even to itself."""
    if is_ours(value):
        return name  # its instructions count
    if _is_plain(value):
        return f"{name}={value!r}"
    return f"{name}={_library_name(value) or uuid4().hex}"


def _library_name(value: Any) -> str:
    """Name under which a library has a value; empty if none has it."""
    if isinstance(value, ModuleType):
        return value.__name__ if _is_library(value.__name__) else ""
    module, name = (getattr(value, part, None) or "" for part in ("__module__", "__name__"))
    known = _is_library(module) and getattr(sys.modules.get(module), name, None) is value
    return f"{module}.{name}" if known else ""


def _is_plain(value: Any) -> bool:
    """Whether a value is all that its text says."""
    if isinstance(value, tuple | list):
        return all(map(_is_plain, value))
    return value is None or type(value) in (bool, int, float, complex, str, bytes)


def unannotated(text: str) -> str:
    """Return the text of a function or a class without annotations, as Python writes it.

    Examples
    --------
    >>> print(unannotated("def twice(x: float) -> float: return 2 * x"))
    def twice(x):
        return 2 * x
    """
    return ast.unparse(_stripped(ast.parse(textwrap.dedent(text))))


def _stripped(tree: Any) -> Any:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
    return tree


def standalone(code: Any) -> str:
    """Text of a function and of all that it calls, for an empty file.

    Parameters
    ----------
    code : callable
        Function that was written in a file.

    Returns
    -------
    str
        Imports, values and functions, each under its name, without annotations.
    """
    functions = [*rests_on(code), plain(code)]
    twice = [name for name, n in Counter(one.__name__ for one in functions).items() if n > 1]
    if twice:
        raise StatementError(f"one file cannot hold two functions {twice[0]}: rename one")
    outside = dict(_taken(functions))
    imports = sorted({_import(name, value) for name, value in outside.items()} - {""})
    values = [f"{name} = {value!r}" for name, value in outside.items() if not _import(name, value)]
    blocks = ["\n".join(imports), "\n".join(values), *map(_definition, functions)]
    return "\n\n\n".join(block for block in blocks if block) + "\n"


def _taken(functions: Iterable[FunctionType]) -> Iterator[tuple[str, Any]]:
    """Names and values that functions take from outside, but for functions of this project."""
    for function in functions:
        for name, value in used_by(function).items():
            root, dot, _ = name.partition(".")
            if not is_ours(value):
                yield root, function.__globals__[root] if dot else value


def _import(name: str, value: Any) -> str:
    """Import of a module, or of a function of a library; empty for other values."""
    if isinstance(value, ModuleType):
        renamed = f" as {name}" if name != value.__name__ else ""
        return f"import {value.__name__}{renamed}"
    if callable(value):
        module, own = inspect.getmodule(value), value.__name__
        renamed = f" as {name}" if name != own else ""
        return f"from {module.__name__ if module else 'builtins'} import {own}{renamed}"
    return ""


def _definition(function: FunctionType) -> str:
    """Text of one function: the first line of its docstring, and its body as it stands."""
    node = node_of(function)
    header = [f"def {node.name}({ast.unparse(_stripped(node.args))}):"]
    if ast.get_docstring(node) is not None:
        summary, *_ = (inspect.getdoc(function) or "").splitlines()
        header.append(f'    """{summary}"""')
    body = "\n".join([*header, textwrap.indent(body_of(function), "    ")])
    for name, value in used_by(function).items():
        if is_ours(value):  # it stands in the same file
            body = re.sub(rf"\b{re.escape(name)}\b", value.__name__, body)
    return body
