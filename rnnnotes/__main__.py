"""Run the command line, as in ``python -m rnnnotes check``."""

from rnnnotes.cli import main

if __name__ == "__main__":
    main(prog_name="rnnnotes")
