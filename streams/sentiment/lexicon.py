"""The built-in lexicon: a score from -1 to 1 for a text in Russian, English or both.

A function of the text alone, of bounded cost, that never raises: what a summary says of a mention follows from the log.
The data files (tables.py) and the rules here are therefore part of the format: whoever changes what a text scores
raises LEXICON_VERSION.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import sqrt
from typing import Final

from streams.sentiment.tables import Node, Sense, read_tables

LEXICON_VERSION: Final = 1

LANGUAGES: Final = frozenset({"ru", "en", "rus", "eng", "mul", "und", "zxx", ""})
"""The primary tags of texts that it reads: Russian, English, several languages at once, and those not told."""

HEAD_CHARACTERS: Final = 800
TAIL_CHARACTERS: Final = 400
"""Of a longer text only its beginning and its end are read: reviews say their verdict there."""

FALLBACK: Final = 15.0
"""How soon a sum of weights nears 1: s / sqrt(s² + FALLBACK), as VADER has it (Hutto & Gilbert, 2014)."""

_NEGATED: Final = -0.75
_NEGATED_EXPECTED: Final = -2.0
_SHOUTED: Final = 1.25
_STRETCHED: Final = 1.15
_EXCLAIMED: Final = 0.1
_BEFORE_CONTRAST: Final = 0.5
_AFTER_CONTRAST: Final = 1.25
_ASKED: Final = 0.25
_BLAME_BESIDE_PRAISE: Final = 1.5
_IRONY: Final = 1.0
_LONGEST_GAP: Final = 2
_REACH_OF_BOOSTER: Final = 2
_MEMORY: Final = 1 << 15

# No alternative can match what another begins, and none repeats a repetition: time is linear in the text.
_TOKEN: Final = re.compile(
    r"https?://\S{1,500}|@\w{1,64}|[^\W_]{1,32}(?:['’][^\W_]{1,8})?"
    r"|<3|[:;=][-^']?[()DPp/|](?![\w/])|\){2,}|\({2,}|[.!?,;:…–—()\n]|[\u2600-\u27bf\u2b50\U0001f300-\U0001faff]"
)
_TAG: Final = re.compile(r"[A-Za-z]{0,8}")
_RUN: Final = re.compile(r"(.)\1{2,}")
_GLAD: Final = frozenset([":)", ":-)", ":D", ":-D", ";)", ";-)", "=)", "=D", ":P", ":p", ":'D", "^^", "))"])
_SOUR: Final = frozenset([":(", ":-(", "=(", ":'(", ":/", ":-/", ":|", "(("])
_STOPS: Final = frozenset(".!?,;:…–—()\n")
_SENTENCE_ENDS: Final = frozenset(".!?…\n")

_TABLES: Final = read_tables()


@dataclass(frozen=True, slots=True)
class _Word:
    """What a token says: its sense, where it may stand in phrases, and the stop that it is."""

    sense: Sense
    elements: tuple[str, ...] = ()
    stop: str = ""


_NOTHING: Final = Sense()


def score(text: str, language: str | None = None) -> float | None:
    """How kindly a text speaks, -1 to 1; 0 where it takes no side.

    `language`: its BCP 47 tag, where known. None: the text says nothing that can be read, because it holds no Latin or
    Cyrillic letters and no emoji, or because it is said to be in another language than Russian and English.
    """
    if language and _TAG.match(language)[0].lower() not in LANGUAGES:  # type: ignore[index]
        return None
    if len(text) > HEAD_CHARACTERS + TAIL_CHARACTERS:
        text = f"{text[:HEAD_CHARACTERS]}\n{text[-TAIL_CHARACTERS:]}"
    tokens = _TOKEN.findall(text)
    words = list(map(_look, tokens))
    weighed = _Weighing(words)
    if not weighed.moved:
        return 0.0 if any(map(_readable, tokens)) else None
    return weighed.score()


class _Weighing:
    """The sums over a text's words: `good` and `bad`, both at least 0; `moved` once anything was weighed."""

    __slots__ = ("bad", "contrast", "exclaimed", "factor", "good", "irony", "moved", "sentence_good")

    def __init__(self, words: Sequence[_Word | None]) -> None:
        self.good = self.bad = self.sentence_good = 0.0
        self.factor = 1.0
        self.exclaimed = 0
        self.irony = self.contrast = self.moved = False
        self._walk(words)

    def score(self) -> float:
        """The sums as one number between -1 and 1, to four digits."""
        good, bad = self.good, self.bad
        if self.irony:
            good, bad = 0.0, bad + good + _IRONY
        elif good and bad and not self.contrast:
            bad *= _BLAME_BESIDE_PRAISE
        total = (good - bad) * (1 + _EXCLAIMED * min(self.exclaimed, 3))
        return round(total / sqrt(total * total + FALLBACK), 4)

    def _walk(self, words: Sequence[_Word | None]) -> None:
        negated_to = boosted_to = last_at = -1
        boost, last, end = 1.0, _NOTHING, -1
        for at, word in enumerate(words):
            if word is None or at <= end:
                continue
            if word.stop:
                self._stop(word.stop)
                negated_to = boosted_to = -1
                continue
            sense, end = _phrase(words, at) if word.elements else (word.sense, at)
            if sense.contrast:
                self._turn()
                negated_to = -1
            elif sense.irony and not sense.weight:
                self.irony = self.moved = True
            elif sense.weight or sense.expected:
                self.irony = self.irony or sense.irony
                # A saying that begins with a negation has said it: «никогда ничего не работает» denies once.
                self._add(sense, at <= negated_to and not word.sense.negation, boost if at <= boosted_to else 1.0)
                last, last_at = sense, end
            elif sense.negation:
                if last_at == at - 1 and "нет" in word.elements:
                    self._deny(last)
                negated_to = max(negated_to, at + sense.negation)
            if sense.booster:
                boost, boosted_to = sense.booster, end + _REACH_OF_BOOSTER

    def _add(self, sense: Sense, negated: bool, boost: float) -> None:
        weight = sense.weight
        if negated:
            weight = _NEGATED_EXPECTED if sense.expected else weight * _NEGATED
        if weight:
            self._sum(weight * boost * self.factor)

    def _sum(self, weight: float) -> None:
        self.moved = True
        if weight > 0:
            self.good += weight
            self.sentence_good += weight
        else:
            self.bad -= weight

    def _deny(self, last: Sense) -> None:
        """«Жалоб нет», «ответа нет»: the denial comes after what it denies."""
        if last.expected:
            self._sum(_NEGATED_EXPECTED)
        elif last.weight < 0:
            self.bad = max(0.0, self.bad + last.weight)
            self._sum(last.weight * _NEGATED)

    def _turn(self) -> None:
        if self.moved:
            self.good *= _BEFORE_CONTRAST
            self.bad *= _BEFORE_CONTRAST
            self.sentence_good *= _BEFORE_CONTRAST
            self.factor, self.contrast = _AFTER_CONTRAST, True

    def _stop(self, stop: str) -> None:
        if stop == "?":
            # Whoever asks whether something is good does not say that it is.
            self.good = max(0.0, self.good - self.sentence_good * (1 - _ASKED))
        elif stop == "!":
            self.exclaimed += 1
        if stop in _SENTENCE_ENDS:
            self.sentence_good = 0.0


def _phrase(words: Sequence[_Word | None], at: int) -> tuple[Sense, int]:
    """The longest phrase that begins here and its last index; the word itself where there is none."""
    word = words[at]
    sense, end = (word.sense if word else _NOTHING), at
    node: Node | None = _TABLES.phrases
    while node is not None and (found := _next(node, words, at)):
        node, at = found
        if node.sense is not None:
            sense, end = node.sense, at
        at += 1
    return sense, end


def _next(node: Node, words: Sequence[_Word | None], at: int) -> tuple[Node, int] | None:
    last = min(len(words), at + 1 + (_LONGEST_GAP if node.gap else 0))
    for index in range(at, last):
        word = words[index]
        if word is None:
            continue
        if word.stop:
            return None
        for element in word.elements:
            if found := node.following.get(element):
                return found, index
    return None


@lru_cache(_MEMORY)
def _look(token: str) -> _Word | None:
    """What a token says; None for most. Remembered, since people use few words."""
    if token in _STOPS:
        return _Word(_NOTHING, stop=token)
    if token in _GLAD or token.startswith("))"):
        return _Word(Sense(weight=1.5))
    if token in _SOUR or token.startswith("(("):
        return _Word(Sense(weight=-1.5))
    if token.startswith(("http", "@")) and ("/" in token or token[0] == "@"):
        return None
    plain = token.lower().replace("ё", "е").replace("’", "'")
    stretch = 1.0
    sense, elements = _known(plain)
    if sense is None and not elements and _RUN.search(plain):
        stretch = _STRETCHED
        for again in (r"\1", r"\1\1"):
            sense, elements = _known(_RUN.sub(again, plain))
            if sense or elements:
                break
    if sense is None:
        return _Word(_NOTHING, elements) if elements else None
    loud = stretch * (_SHOUTED if len(token) > 2 and token.isupper() else 1.0)
    return _Word(replace(sense, weight=sense.weight * loud) if loud > 1 else sense, elements)


def _known(plain: str) -> tuple[Sense | None, tuple[str, ...]]:
    """The sense of a word and the elements of phrases that it is; the longest stem that fits decides."""
    tables = _TABLES
    sense = tables.words.get(plain)
    elements = [plain] if plain in tables.elements else []
    for length in range(len(plain), 1, -1):
        if plain[length:] in tables.endings:
            stem = plain[:length]
            if sense is None:
                sense = tables.stems.get(stem)
            if f"{stem}*" in tables.elements:
                elements.append(f"{stem}*")
    return sense, tuple(elements)


def _readable(token: str) -> bool:
    first = token[0].lower()
    return ("a" <= first <= "z" or "а" <= first <= "я" or first == "ё") and not token.startswith(("http:", "https:"))
