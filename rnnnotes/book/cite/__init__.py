"""A formula taken along: cited, and exported with its derivation."""
