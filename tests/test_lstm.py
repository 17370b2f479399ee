"""What the LSTM does, apart from what its formulas state."""

from __future__ import annotations

import numpy as np

from rnnnotes import lstm


def test_open_forget_gate_and_closed_input_gate_keep_the_cell():
    """The carousel: what is in the cell stays, whatever the candidate is."""
    c_prev, one, zero = np.array([7.0, -3.0]), np.ones(2), np.zeros(2)

    np.testing.assert_array_equal(lstm.cell_update(one, c_prev, zero, np.array([0.5, 0.5])), c_prev)
