"""The lexicon's data files, read into tables for look-up.

A line of a file is `kind: item, item, ...`; `#` begins a comment. An item is a word or a phrase. `stem*` stands for the
stem with any ending of its language, `..` in a phrase for up to two words that may stand between. The kinds:

    +3 .. -3         the item's weight; weight 0 is for phrases whose words must not count
    expected         words that say nothing by themselves, and ill when they are negated: «не приехало»
    negation N       turns the sign of what follows within N words of the same clause
    booster F        multiplies the weight of what follows within two words by F
    contrast         what stands before it weighs less, what follows more
    irony            makes praise beside it the opposite
    endings          what may follow a stem
"""

from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final

FILES: Final = ("ru.txt", "en.txt", "emoji.txt")
GAP: Final = ".."
SHORTEST_MISHEARD, SHORTEST_MISSPELT = 6, 7
"""Words and stems from these lengths on are known in common misspellings too: shorter ones would be other words."""

_RUSSIAN_VOWELS: Final = str.maketrans("оаеи", "аоие")


@dataclass(slots=True)
class Sense:
    """What a word or a phrase does: its weight, or what it does to its neighbours."""

    weight: float = 0.0
    expected: bool = False
    negation: int = 0
    booster: float = 0.0
    contrast: bool = False
    irony: bool = False


@dataclass(slots=True)
class Node:
    """A place in the tree of phrases: what follows, what ends here, and whether other words may stand between."""

    following: "dict[str, Node]" = field(default_factory=dict)
    sense: Sense | None = None
    gap: bool = False


@dataclass(slots=True)
class Tables:
    """`words` and `stems`: by themselves. `elements`: which words and stems stand in phrases. `phrases`: the root."""

    words: dict[str, Sense] = field(default_factory=dict)
    stems: dict[str, Sense] = field(default_factory=dict)
    endings: set[str] = field(default_factory=lambda: {""})
    elements: set[str] = field(default_factory=set)
    phrases: Node = field(default_factory=Node)

    def add(self, item: str, kind: str, argument: str) -> None:
        """Add an item of a line. Raises ValueError for a kind that is none."""
        parts = item.split()
        if len(parts) == 1:
            where = self.stems if item.endswith("*") else self.words
            _mark(where.setdefault(item.removesuffix("*"), Sense()), kind, argument)
            return
        node = self.phrases
        for part in parts:
            if part == GAP:
                node.gap = True
            else:
                self.elements.add(part)
                node = node.following.setdefault(part, Node())
        node.sense = node.sense or Sense()
        _mark(node.sense, kind, argument)

    def misspell(self) -> None:
        """Add the common misspellings of what is long enough, where they are no words of their own."""
        for table in (self.words, self.stems):
            known = {**self.words, **self.stems}
            added: dict[str, Sense] = {}
            for item, sense in table.items():
                if sense.weight and len(item) >= SHORTEST_MISHEARD and item.isalpha():
                    for wrong in misspellings(item):
                        if wrong not in known:
                            added.setdefault(wrong, sense)
            for wrong, sense in added.items():
                table.setdefault(wrong, sense)


def misspellings(word: str) -> set[str]:
    """A letter doubled, a Russian vowel heard for another; in longer words a letter left out or swapped with the next.

    The first letter and the last one stay.
    """
    wrong = set()
    for i in range(1, len(word)):
        wrong.add(word[:i] + word[i] + word[i:])
    for i in range(1, len(word) - 1):
        wrong.add(word[:i] + word[i].translate(_RUSSIAN_VOWELS) + word[i + 1 :])
        if len(word) >= SHORTEST_MISSPELT:
            wrong.add(word[:i] + word[i + 1 :])
            if i < len(word) - 2:
                wrong.add(word[:i] + word[i + 1] + word[i] + word[i + 2 :])
    return wrong - {word}


def read_tables() -> Tables:
    """The tables of all data files. Raises ValueError where a line is not of the form above or an item stands twice."""
    tables = Tables()
    for name in FILES:
        weighed: set[str] = set()
        for line in files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines():
            if not line or line.startswith("#"):
                continue
            head, colon, rest = line.partition(": ")
            if not colon:
                raise ValueError(f"{name}: a line without a kind: {line[:40]}")
            kind, _, argument = head.partition(" ")
            items = rest.split(", ")
            if kind == "endings":
                tables.endings.update(items)
                continue
            for item in items:
                tables.add(item, kind, argument)
                if kind[0] in "+-0":
                    if item in weighed:
                        raise ValueError(f"{name}: {item} has two weights")
                    weighed.add(item)
    tables.misspell()
    return tables


def _mark(sense: Sense, kind: str, argument: str) -> None:
    if kind == "expected":
        sense.expected = True
    elif kind == "contrast":
        sense.contrast = True
    elif kind == "irony":
        sense.irony = True
    elif kind == "negation":
        sense.negation = int(argument)
    elif kind == "booster":
        sense.booster = float(argument)
    else:
        sense.weight = float(kind)
