"""What the rows of the known functions say, held against their values."""

import numpy as np
import pytest

from rnnnotes.book.language.known import KNOWN
from rnnnotes.core.normal import FUNCTIONS

POINTS = np.array([-3.0, -1.25, -0.5, 0.25, 1.0, 2.5])
"""Points on both sides of zero, and none where a function has a kink."""

NUMBERS = {name: row for name, row in KNOWN.items() if name != "softmax"}


def points(row):
    """Where a function has a value."""
    return POINTS[POINTS > 0] if row.domain == "positive" else POINTS


@pytest.mark.parametrize("name", [name for name, row in KNOWN.items() if row.slope])
def test_a_slope_is_that_of_the_value(name):
    """Against a difference of values."""
    row, step = KNOWN[name], 1e-6
    u = points(row)
    slope = (row.numpy(u + step) - row.numpy(u - step)) / (2 * step)

    np.testing.assert_allclose(row.slope(row.numpy(u), u), slope, rtol=1e-7)


@pytest.mark.parametrize("name", KNOWN)
def test_other_forms_have_the_same_value(name):
    """At a point, mirrored, and by an exponential function."""
    row = KNOWN[name]
    if row.at:
        point, value = map(float, row.at)
        assert float(row.numpy(np.array(point))) == value
    if row.mirrored:
        np.testing.assert_allclose(row.mirrored(row.numpy(POINTS)), row.numpy(-POINTS), rtol=1e-12)
    if row.by_exp:
        np.testing.assert_allclose(row.by_exp(np.exp, POINTS), row.numpy(POINTS), rtol=1e-12)


@pytest.mark.parametrize("name", NUMBERS)
def test_signs_are_those_of_the_values(name):
    """Of the value, and of its slope."""
    row = KNOWN[name]
    u = points(row)
    values = [row.numpy(u), row.slope(row.numpy(u), u) if row.slope else None]
    for told, value in zip(row.signs, values, strict=False):
        for one, number in zip(u, value, strict=True):
            # The sign of the argument is all that is known of it.
            assert np.sign(number) in told(lambda part: frozenset({int(np.sign(part))}), one)


def test_softmax_is_above_zero_and_adds_up_to_one():
    """The row that is no function of a number."""
    values = KNOWN["softmax"].numpy(POINTS)

    assert (values > 0).all()
    assert KNOWN["softmax"].signs[0](None, None) == {1}
    np.testing.assert_allclose(values.sum(), 1.0)


def test_the_core_knows_no_function_that_the_machinery_does_not():
    """But for the absolute value and the step, which are nodes of their own."""
    assert FUNCTIONS.keys() - KNOWN.keys() == {"abs", "step"}
