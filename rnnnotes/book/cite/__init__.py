"""A formula taken along: cited, exported with its derivation, and told to an editor."""
