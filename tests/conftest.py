"""Fixtures for every test."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def rng():
    """Return a generator that draws the same numbers in every run."""
    return np.random.default_rng(0)
