"""Whatever the text, the lexicon gives a number or nothing, the same each time, in bounded time."""

from __future__ import annotations

import math
import random
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.sentiment import lexicon
from streams.sentiment.lexicon import score
from streams.sentiment.tables import misspellings, read_tables

MANY = settings(max_examples=500, deadline=None)
LONG = 100_000

words = st.sampled_from(
    [
        *("не", "нет", "no", "not", "but", "но", "очень", "very", "good", "плохо", "ужас", "GREAT", "верните"),
        *("деньги", "мне", "приехало", "?", "!", ".", ",", "😍", "🙃", ":)", "(((", "<3", "of", "course", "@who"),
        *("https://a.b/c", "10", "10", "работает", "isn't", "АБВ", "soooo", "\n"),
    ]
)
texts = st.text(max_size=200) | st.lists(words, max_size=40).map(" ".join) | st.lists(words, max_size=40).map("".join)
languages = st.none() | st.text(max_size=10) | st.sampled_from(["ru", "en", "de", "en-GB"])


@MANY
@given(texts, languages)
def test_score_is_none_or_between_minus_one_and_one_and_always_the_same(text: str, language: str | None) -> None:
    found = score(text, language)
    lexicon._look.cache_clear()
    assert found == score(text, language)
    assert found is None or (math.isfinite(found) and -1 <= found <= 1)


@MANY
@given(texts)
def test_white_space_around_a_text_changes_nothing(text: str) -> None:
    assert score(f"  \t{text}  ") == score(text)


@given(st.text("abcdefghабвгдежз", min_size=3, max_size=20))
def test_misspellings_keep_the_first_and_the_last_letter(word: str) -> None:
    for wrong in misspellings(word):
        assert wrong != word
        assert (wrong[0], wrong[-1]) == (word[0], word[-1])
        assert abs(len(wrong) - len(word)) <= 1


def test_no_word_of_the_lexicon_is_beyond_its_scale() -> None:
    tables = read_tables()
    for sense in (*tables.words.values(), *tables.stems.values()):
        assert -3 <= sense.weight <= 3


def _random_words(length: int) -> str:
    rng = random.Random(7)
    letters = "абвгдежзиклмнопрстуфхцчшщыэюя"
    return " ".join("".join(rng.choices(letters, k=length)) for _ in range(LONG // (length + 1)))


@pytest.mark.parametrize(
    "text",
    [
        *(character * LONG for character in ("a", "я", "!", "?", "(", ")", "😍", " ", "'", ":", "@", "-", "0", "\n")),
        *(pattern * (LONG // len(pattern)) for pattern in (
            "не ", "no ", "not bad ", "верните мне не ", "http://", "a'", ":-", "<3", "good but ", "soooo ", "а!б?")),
        _random_words(2),
        _random_words(7),
        _random_words(32),
    ],
    ids=lambda text: repr(text[:8]),
)  # fmt: skip
def test_the_longest_text_costs_less_than_finding_the_words_of_an_ordinary_one(text: str) -> None:
    # Beside a measure of the same moment, since machines differ: it is about 2 ms. `make sentiment` gives milliseconds.
    ordinary = "words " * (LONG // 6)
    words = re.compile(r"\w+")
    assert _least_seconds(lambda: score(text)) <= _least_seconds(lambda: words.findall(ordinary))


def _least_seconds(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(20):
        # Words that were never seen before are the worst case.
        lexicon._look.cache_clear()
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    return min(seconds)
