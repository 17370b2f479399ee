"""The language that a statement is written in: its nodes, and the symbols that are declared."""
