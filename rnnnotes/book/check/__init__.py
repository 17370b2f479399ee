"""Formulas checked and kept: one or all, in parallel, and each with mutants of it."""
