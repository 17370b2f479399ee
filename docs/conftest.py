"""Runs the examples of the pages: every ``{doctest}`` directive, and nothing else."""

from __future__ import annotations

from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from typing import Any

import numpy as np
from sybil import Sybil
from sybil.parsers.myst import DocTestDirectiveParser

collect_ignore = ["conftest.py"]
"""This file has no examples of its own, and shares its name with others."""


def start(namespace: dict[str, Any]) -> None:
    """Give every page the one name that examples use without importing it."""
    namespace["np"] = np


pytest_collect_file = Sybil(
    parsers=[DocTestDirectiveParser(optionflags=ELLIPSIS | NORMALIZE_WHITESPACE)],
    patterns=["*.md"],
    excludes=["node_modules/*"],
    setup=start,
).pytest()
