"""The text exposition format 0.0.4, written by hand: a large scrape costs a fraction of what child metrics do.

Lines carry no timestamps (those of a dead target would linger), and each family's HELP and TYPE stand once.
"""

from collections.abc import Iterable

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def escape_label(value: str) -> str:
    """A label value as it stands between its quotes."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def labels(*pairs: tuple[str, object]) -> str:
    """`{name="value",...}`; the names are trusted, the values are escaped."""
    return "{" + ",".join(f'{name}="{escape_label(str(value))}"' for name, value in pairs) + "}"


class Exposition:
    """Families of lines, kept together whatever the order in which the lines come.

    What stands in a family may be several lines at once, without the last line's end.
    """

    def __init__(self) -> None:
        self._families: dict[str, tuple[str, list[str]]] = {}

    def family(self, name: str, kind: str, text: str) -> list[str]:
        """The lines of a metric, to be appended to. The first call decides its type and its help."""
        known = self._families.get(name)
        if known is None:
            escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
            known = self._families[name] = (f"# HELP {name} {escaped}\n# TYPE {name} {kind}", [])
        return known[1]

    def clear(self) -> None:
        """Take the lines out of all families."""
        for _, lines in self._families.values():
            lines.clear()

    def render(self) -> list[bytes]:
        """All families that have a line, as pieces of UTF-8."""
        # Piece by piece: a few heads are not plain ASCII, whose encoding is a mere copy.
        return [piece.encode() for piece in self._text()]

    def _text(self) -> Iterable[str]:
        for head, lines in self._families.values():
            if lines:
                yield head
                yield "\n"
                yield "\n".join(lines)
                yield "\n"
