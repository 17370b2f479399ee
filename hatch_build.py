"""How the package is built: by Hatchling, with stubs of the chapters in a wheel.

Stubs are written by the book itself, which needs what the package needs to run.  Hatchling asks a
hook for its dependencies without saying what is built, and an editable install has no stubs.  So
they are asked for here, in place of Hatchling, where a wheel is built.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hatchling import build
from hatchling.build import *
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    """Packages that a wheel is built with: those of Hatchling, and those of the book."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*build.get_requires_for_build_wheel(config_settings), *project["dependencies"]]


class Stubs(BuildHookInterface[Any]):
    """Puts stubs into a wheel, from a folder that is not kept."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the stubs, unless the build is an editable one, whose files are those here."""
        self.folder = tempfile.TemporaryDirectory()
        if version == "standard":
            command = [sys.executable, "-B", "-m", "rnnnotes.book.cite.stubs", self.folder.name]
            subprocess.run(command, cwd=self.root, check=True)
            build_data["force_include"][self.folder.name] = "rnnnotes"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the folder."""
        self.folder.cleanup()
