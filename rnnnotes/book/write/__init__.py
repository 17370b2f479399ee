"""Statements written out: in LaTeX, and as plain text."""
