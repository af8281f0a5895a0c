"""`python -m bench.sentiment`: how well the lexicon reads the labelled posts of tests/data/sentiment, and how fast.

Beside it two packaged lexicons, read in .venv-peers (not with --without-peers). The figures are printed, and written
into docs/sentiment.md between its two marks.

A post's half is decided by the hash of its text: `dev` was looked at while the lexicon was made, `unseen` was not.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from bench import environment
from streams.events.mention import NEGATIVE_BELOW, POSITIVE_ABOVE
from streams.sentiment.lexicon import LEXICON_VERSION, score

ROOT = Path(__file__).resolve().parents[1]
POSTS = ROOT / "tests" / "data" / "sentiment"
DOCUMENT = ROOT / "docs" / "sentiment.md"
PEERS = Path(__file__).with_name("contenders") / "lexicons.py"
BEGIN, END = "<!-- figures: begin, written by `make sentiment` -->", "<!-- figures: end -->"
LANGUAGES = {"ru": "Russian", "en": "English"}
LABELS = ("positive", "neutral", "negative")
SPLITS = ("dev", "unseen")
OURS, VADER, LABMT = "this lexicon", "VADER", "labMT"
SPEED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Post:
    """A labelled post."""

    text: str
    label: str
    split: str
    indirect: bool


INDIRECT = "unseen, indirect"
HALVES: dict[str, Callable[[Post], bool]] = {
    "dev": lambda post: post.split == "dev",
    "unseen": lambda post: post.split == "unseen",
    INDIRECT: lambda post: post.split == "unseen" and post.indirect,
}
"""The parts of the posts that are judged. `indirect`: of the second round, see docs/sentiment.md."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How often a label was taken for which, (label, found) -> posts."""

    confusion: Counter[tuple[str, str]]

    @property
    def f1(self) -> dict[str, float]:
        """F1 of each label."""
        found = {}
        for label in LABELS:
            right = self.confusion[label, label]
            wrong = sum(self.confusion[label, other] + self.confusion[other, label] for other in LABELS) - 2 * right
            found[label] = 2 * right / (2 * right + wrong) if right else 0.0
        return found

    @property
    def macro_f1(self) -> float:
        """The mean of the labels' F1, whatever their numbers."""
        return sum(self.f1.values()) / len(LABELS)


def split_of(text: str) -> str:
    """The half in which a post stands: it cannot be chosen."""
    return SPLITS[hashlib.sha256(text.encode()).digest()[0] & 1]


def posts_of(language: str) -> list[Post]:
    """The labelled posts of a language."""
    with (POSTS / f"{language}.csv").open(encoding="utf-8", newline="") as file:
        return [Post(row["text"], row["label"], row["split"], row["round"] == "2") for row in csv.DictReader(file)]


def label_of(found: float | None, low: float = NEGATIVE_BELOW, high: float = POSITIVE_ABOVE) -> str:
    """The label of a score; what is not known counts as neutral here."""
    if found is None:
        return "neutral"
    return "positive" if found > high else "negative" if found < low else "neutral"


def judge(posts: Sequence[Post], labels: Sequence[str]) -> Verdict:
    """Compare the labels that were found with those of the posts."""
    return Verdict(Counter((post.label, label) for post, label in zip(posts, labels, strict=True)))


def ours(language: str) -> dict[str, Verdict]:
    """The lexicon's verdict by half; it is told no language, as with most mentions."""
    return {
        half: judge(posts, [label_of(score(post.text)) for post in posts])
        for half, belongs in HALVES.items()
        if (posts := list(filter(belongs, posts_of(language))))
    }


def peer(name: str, language: str, scores: Callable[[str, str, list[str]], list[float | None]]) -> dict[str, Verdict]:
    """Another lexicon's verdict by half. labMT has no thresholds of its own: it gets the best ones for `dev`."""
    posts = posts_of(language)
    found = scores(name, language, [post.text for post in posts])
    by_half = {
        half: [(post, value) for post, value in zip(posts, found, strict=True) if belongs(post)]
        for half, belongs in HALVES.items()
    }

    def verdict(half: str, low: float, high: float) -> Verdict:
        rows = by_half[half]
        return judge([post for post, _ in rows], [label_of(value, low, high) for _, value in rows])

    low, high = NEGATIVE_BELOW, POSITIVE_ABOVE
    if name == LABMT:
        steps = [step / 10 for step in range(-20, 31)]
        low, high = max(
            ((low, high) for low, high in product(steps, steps) if low <= high),
            key=lambda pair: verdict("dev", *pair).macro_f1,
        )
    return {half: verdict(half, low, high) for half in HALVES}


def peers_scores(name: str, language: str, texts: list[str]) -> list[float | None]:
    """Scores of a package in .venv-peers."""
    asked = json.dumps({"lexicon": name.lower(), "language": language, "texts": texts})
    done = subprocess.run(
        [str(environment.PYTHON), str(PEERS)], input=asked, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise environment.NoPeers(f"{name} cannot be asked:\n{done.stderr}")
    return json.loads(done.stdout)


def texts_per_second() -> float:
    """Texts that one core scores in a second, all posts again and again, process time."""
    texts = [post.text for language in LANGUAGES for post in posts_of(language)]
    done, began = 0, time.process_time()
    while (took := time.process_time() - began) < SPEED_SECONDS:
        for text in texts:
            score(text)
        done += len(texts)
    return done / took


def quality(results: dict[str, dict[str, dict[str, Verdict]]]) -> str:
    """Macro-F1 of each lexicon; results: language -> lexicon -> half -> verdict."""
    lines = [f"| language | macro-F1 of | {' | '.join(HALVES)} |", "|---|---|---|---|---|"]
    for language, lexicons in results.items():
        numbers = " | ".join(f"{verdict.confusion.total()} posts" for verdict in lexicons[OURS].values())
        lines.append(f"| {LANGUAGES[language]} | | {numbers} |")
        for name, verdicts in lexicons.items():
            figures = " | ".join(f"{verdicts[half].macro_f1:.2f}" for half in HALVES)
            lines.append(f"| | {name} | {figures} |")
    return "\n".join(lines)


def confusions(language: str, verdicts: dict[str, Verdict]) -> str:
    """The lexicon's confusion tables, a row each label of each split."""
    lines = [
        f"| {LANGUAGES[language]} | {' | '.join(f'found {label}' for label in LABELS)} | F1 |",
        "|---|---|---|---|---|",
    ]
    for split in SPLITS:
        verdict = verdicts[split]
        for label in LABELS:
            row = " | ".join(str(verdict.confusion[label, found]) for found in LABELS)
            lines.append(f"| {label}, {split} | {row} | {verdict.f1[label]:.2f} |")
    return "\n".join(lines)


def main() -> int:
    """Measure, print, write the document. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without-peers", action="store_true", help="this lexicon alone; the document stays as it is")
    alone = parser.parse_args().without_peers
    results: dict[str, dict[str, dict[str, Verdict]]] = {language: {OURS: ours(language)} for language in LANGUAGES}
    if not alone:
        try:
            environment.ensure()
            results["ru"][LABMT] = peer(LABMT, "ru", peers_scores)
            results["en"][VADER] = peer(VADER, "en", peers_scores)
            results["en"][LABMT] = peer(LABMT, "en", peers_scores)
        except environment.NoPeers as error:
            print(f"sentiment: {error}")
            return 1
    tables = [quality(results), *(confusions(language, lexicons[OURS]) for language, lexicons in results.items())]
    speed = f"Version {LEXICON_VERSION}; {texts_per_second():,.0f} posts a second on one core."
    text = "\n\n".join([*tables, speed])
    print(text)
    if not alone:
        head, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
        tail = rest.partition(END)[2]
        DOCUMENT.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
