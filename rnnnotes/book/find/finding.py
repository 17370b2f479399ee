"""Find one formula by a name, and say which are near if no formula has it."""

from __future__ import annotations

from pathlib import Path

from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.files import formulas_at
from rnnnotes.book.find.published import load
from rnnnotes.book.find.searching import index, suggestion
from rnnnotes.book.keeping import data_file
from rnnnotes.book.state.formulas import Formula
from rnnnotes.book.state.identity import is_path, is_place, split

__all__ = ["UnknownFormulaError", "find", "find_named"]


class UnknownFormulaError(KeyError):
    """An id or a chapter that no formula has."""

    def __str__(self) -> str:
        return str(self.args[0])


def find(id: str) -> Formula:
    """Find a formula by its id.

    Parameters
    ----------
    id : str
        Chapter and name, as in ``vanilla_rnn.hidden_state``, or file and name, as in
        ``my_cells.py:my_step``.

    Returns
    -------
    Formula
        The formula.

    Raises
    ------
    UnknownFormulaError
        If there is none; the message names the nearest ids.
    FileError
        If a file that is named does not load.

    Examples
    --------
    >>> find("vanilla_rnn.hidden_state").title
    'Hidden state after one step'
    >>> find("vanilla_rnn.hiden_state")
    Traceback (most recent call last):
    ...
    rnnnotes.book.find.finding.UnknownFormulaError: no formula 'vanilla_rnn.hiden_state'; ...
    """
    known = find_all()
    if is_place(id):
        every = ", ".join(f"{id}:{stated.name}" for stated in formulas_at(id))
        raise UnknownFormulaError(f"{id} is no formula; it states {every}")
    place, name = split(id)
    if name and is_path(id) and (id not in known or Path(place).is_file()):
        return formulas_at(id)[0]
    if id in known:
        return known[id]
    raise UnknownFormulaError(f"no formula {id!r}; {suggestion(id)}")


def find_named(name: str) -> Formula:
    """Find a formula by its id, an id that it had before, or a keyword that it alone has.

    Parameters
    ----------
    name : str
        Such as ``vanilla_rnn.hidden_state``, ``lstm-backward-df`` or ``my_cells.py:my_step``.

    Returns
    -------
    Formula
        The formula.

    Raises
    ------
    UnknownFormulaError
        If there is none, or more than one; the message names them, or the nearest.

    Examples
    --------
    >>> find_named("lstm-backward-df").id
    'lstm.forget_gate_gradient'
    """
    if is_path(name) or name in find_all():
        return find(name)
    meant = [entry["id"] for entry in index() if name in entry["names"]]
    if len(meant) > 1:
        raise UnknownFormulaError(f"{name!r} is a keyword of several: {', '.join(meant)}")
    why = load(data_file("published-ids.toml")).withdrawn.get(name)
    if why is not None:
        raise UnknownFormulaError(f"{name!r} is withdrawn: {why}")
    return find(*meant or [name])
