"""The core that decides: terms, one normal form, derivatives, equations.  It stands by itself."""
