"""Whether a formula holds: read into the core, drawn, compared, and its code with it."""
