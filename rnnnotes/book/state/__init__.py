"""A formula: a statement with its code, its derivation, its sources and its name."""
