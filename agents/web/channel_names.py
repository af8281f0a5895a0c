"""What the board calls the channels in Russian, read from the board's own file: a name stands in one place."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "board" / "ru.js"
_LIST = re.compile(r"^export const CHANNELS = \{(.*?)^\};", re.DOTALL | re.MULTILINE)
_ENTRY = re.compile(r'(\w+): "([^"]*)"')


@cache
def russian_channels() -> Mapping[str, str]:
    """Channel -> what it is called. Empty where the file has no such list."""
    found = _LIST.search(_FILE.read_text("utf-8"))
    return dict(_ENTRY.findall(found[1])) if found else {}
