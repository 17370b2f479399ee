"""How often the second reading is drawn."""

from __future__ import annotations

SEEDS = 5
"""Draws of the whole book that a full run makes."""


def pytest_addoption(parser):
    """Let a run be shorter, or longer."""
    parser.addoption(
        "--seeds", type=int, default=SEEDS, help="draws of the second reading of the whole book"
    )


def pytest_generate_tests(metafunc):
    """Run a test that takes a seed once for each."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(metafunc.config.getoption("seeds", SEEDS)))
