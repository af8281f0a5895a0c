"""What the board calls channels and KPIs in Russian, read from the board's own file: a name stands in one place."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

_FILE = Path(__file__).parent / "board" / "ru.js"
_ENTRY = re.compile(r'(\w+): "([^"]*)"')


@cache
def russian_names(what: Literal["CHANNELS", "TITLES"]) -> Mapping[str, str]:
    """Name -> what it is called: of the channels, or of the KPIs (`TITLES`). Empty where the file has no such list."""
    found = re.search(rf"^export const {what} = \{{(.*?)^\}};", _FILE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return dict(_ENTRY.findall(found[1])) if found else {}
