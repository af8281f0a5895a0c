"""The file of rejected rows: JSON lines with the row's line, the reason, a detail and the row itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO

from agents.operations.publishing.rows import BadRow, PublishError


class Rejects:
    """Made with the first rejected row, over what an earlier run has left there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> Rejects:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, row: BadRow) -> None:
        """Write one. Raises PublishError where that is not possible."""
        try:
            if self._file is None:
                self._file = self._path.open("w", encoding="utf-8")
            text = row.text.decode("utf-8", "backslashreplace")
            entry = {"line": row.line, "reason": row.reason, "detail": row.detail, "row": text}
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        except OSError as error:
            raise PublishError(f"the rejected rows can't be written: {error}; see --rejects") from None
