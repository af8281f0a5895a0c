"""What the KPIs are called, what they mean and how they are computed, in the languages of the board."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson

from agents.languages import Language
from streams.kpis.registry import KPIS

RUSSIAN = Path(__file__).parent / "board_words" / "kpis_ru.json"


@dataclass(frozen=True, slots=True)
class KpiWords:
    """title: its name for people. text: what it means. formula: how it is computed, in words."""

    title: str
    text: str
    formula: str


@cache
def kpi_words(language: Language) -> Mapping[str, KpiWords]:
    """KPI -> its words. English stands in the registry, Russian in a file beside the board."""
    if language == "en":
        return {kpi.name: KpiWords(kpi.title, kpi.explanation, kpi.formula_text) for kpi in KPIS}
    return {name: KpiWords(**words) for name, words in orjson.loads(RUSSIAN.read_bytes()).items()}
