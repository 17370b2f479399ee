"""A second solver is asked what the first has answered."""

from __future__ import annotations

import cvc5
import pytest
from orders import INEQUALITIES, given_by, lines_of

from rnnnotes.book.prove.order import compares_for_all_sizes
from rnnnotes.core.solver import recorded

STEPS = 10_000_000
"""Steps that the second solver may do for one question, by its own count."""


def second_answer(text):
    """What cvc5 says of a question."""
    terms = cvc5.TermManager()
    solver = cvc5.Solver(terms)
    solver.setOption("nl-cov", "true")
    solver.setOption("rlimit-per", str(STEPS))
    symbols = cvc5.SymbolManager(terms)
    parser = cvc5.InputParser(solver, symbols)
    whole = f"(set-logic QF_NRA)\n{text}(check-sat)\n"
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, whole, "question")
    said = []
    while not (command := parser.nextCommand()).isNull():
        said.append(str(command.invoke(solver, symbols)).strip())
    return said[-1]


@pytest.mark.parametrize("stated", INEQUALITIES.values(), ids=list(INEQUALITIES))
def test_a_second_solver_refutes_each_question_too(stated):
    """Two solvers that share no code do not make the same mistake."""
    given = given_by(stated)
    with recorded() as questions:
        for line in lines_of(stated).values():
            assert compares_for_all_sizes(*line, given, stated.statement)

    assert questions
    assert {text: second_answer(text) for text in questions} == dict.fromkeys(questions, "unsat")


def test_the_second_solver_finds_numbers_too():
    """A solver that always refuses would confirm anything."""
    assert second_answer("(declare-const x Real)\n(assert (= (* x x) 2))\n") == "sat"
    assert second_answer("(declare-const x Real)\n(assert (= (* x x) (- 2)))\n") == "unsat"
