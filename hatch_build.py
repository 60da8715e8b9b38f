"""Puts the compiled catalog into the wheel, so that an installed pf-tui reads it without a YAML parser."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledCatalog(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles catalog/*.yaml beside the YAML that pyproject's force-include already carries."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add one JSON file per part to a wheel; an editable install reads the checkout itself."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, self.root)
        from pf_tui.catalog.compiling import compile_catalog
        from pf_tui.catalog.store import COMPILED_FOLDER

        self._folder = Path(tempfile.mkdtemp(prefix="pf-tui-catalog-"))
        for part, data in compile_catalog(root / "catalog").items():
            file = self._folder / f"{part}.json"
            file.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
            build_data["force_include"][str(file)] = f"pf_tui/_data/catalog/{COMPILED_FOLDER}/{part}.json"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was only needed while building."""
        if version != "editable":
            shutil.rmtree(self._folder, ignore_errors=True)
