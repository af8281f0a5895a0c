"""How a preflight's sentences are put together: numbers, nouns, names and money as each language writes them."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from agents.languages import LANGUAGES, Language
from agents.web.channel_names import russian_channels
from agents.web.kpi_words import kpi_words
from streams.kpis.kpi import Kpi

NO_BREAK = "\u00a0"
_RUSSIAN = str.maketrans({",": NO_BREAK, ".": ","})

ByLanguage = Callable[[Language], str]
"""What is another text in another language."""


def said(words: Mapping[str, tuple[str, str]], key: str, language: Language, **filled: object) -> str:
    """The words of a key in a language. filled: texts, numbers (see `Number`), and what is `ByLanguage`."""
    return _text(words, key, language).format(**{name: _shown(one, language) for name, one in filled.items()})


def _text(words: Mapping[str, tuple[str, str]], key: str, language: Language) -> str:
    return words[key][LANGUAGES.index(language)] if key else ""


def _shown(value: object, language: Language) -> object:
    if isinstance(value, int | Decimal):
        return Number(value, language)
    return value(language) if callable(value) else value


class Number:
    """A number in a sentence: `{n}` as a command takes it, `{n:,}` as people read it, `{n:worker|workers}` so and with
    that form of the noun which belongs to it: two forms in English, three in Russian (1, 2, 5)."""

    def __init__(self, value: int | Decimal, language: Language) -> None:
        self._value = value
        self._language = language

    def __format__(self, spec: str) -> str:
        """See the class."""
        if not spec:
            return f"{self._value:f}" if isinstance(self._value, Decimal) else str(self._value)
        read = grouped(self._value, self._language)
        return read if spec == "," else f"{read} {spec.split('|')[_form(self._value, self._language)]}"


def grouped(value: int | Decimal, language: Language) -> str:
    """A number with its thousands apart, and never on two lines."""
    english = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    return english.translate(_RUSSIAN) if language == "ru" else english


def _form(value: int | Decimal, language: Language) -> int:
    if language == "en":
        return int(value != 1)
    if value % 10 == 1 and value % 100 != 11:
        return 0
    return 1 if value % 10 in (2, 3, 4) and value % 100 not in (12, 13, 14) else 2


def money(amount: Decimal, currency: str | None) -> ByLanguage:
    """An amount and its currency."""
    return lambda language: f"{grouped(amount, language)}{NO_BREAK if language == 'ru' else ' '}{currency}"


def channel_called(channel: str) -> ByLanguage:
    """A channel as the Russian board calls it; in English its id, which is what its source sends."""
    return lambda language: (russian_channels() if language == "ru" else {}).get(channel, channel)


def kpis_called(kpis: Iterable[Kpi]) -> ByLanguage:
    """KPIs as the board calls them, each once."""
    names = tuple(dict.fromkeys(kpi.name for kpi in kpis))
    return lambda language: ", ".join(kpi_words(language)[name].title for name in names)


def kpis_without(facts: Mapping[str, Iterable[Kpi]]) -> ByLanguage:
    """What the catalogue does not say, each with the KPIs that take it."""
    called = {fact: kpis_called(kpis) for fact, kpis in facts.items()}
    return lambda language: "; ".join(f"{fact}{NO_BREAK}– {kpis(language)}" for fact, kpis in called.items())
