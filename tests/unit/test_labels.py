import pytest

from streams.events import labels
from streams.events.labels import clean_label, label_problem


@pytest.mark.parametrize(
    "text", ["aurora", "Launch 2026/Q4 (EU)", "запуск", "発売", "launch 🚀", "👩‍💻", "é" * 128, 'a"b\\c']
)
def test_clean_label_is_returned_as_it_is(text):
    assert clean_label(text) == text
    assert label_problem(text) is None


@pytest.mark.parametrize(
    "character",
    [
        *("\0", "\n", "\t", "\x7f", "\x85", "\ud800", "\udfff", "\u2028", "\u2029"),
        *("\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069"),
        *("\u200b", "\u2060", "\ufeff", "\u00ad"),
    ],
    ids=lambda character: f"U+{ord(character):04X}",
)
def test_label_with_a_harmful_character_is_refused_not_mended(character):
    for text in (character, f"a{character}b", f"aurora{character}", f"запуск{character}"):
        assert clean_label(text) is None
    assert f"U+{ord(character):04X}" in (label_problem(f"a{character}") or "")


@pytest.mark.parametrize("text", ["", " ", "\u00a0", "\u3000 ", "x" * 129, "x" * 10_240])
def test_empty_blank_or_long_label_is_refused(text):
    assert clean_label(text) is None


def test_labels_that_differ_only_in_form_stay_apart():
    composed, decomposed = "\u00e9", "e\u0301"
    assert clean_label(composed) != clean_label(decomposed)
    assert clean_label("aurora ") != clean_label("aurora")


def test_equal_labels_become_one_object_while_they_are_remembered():
    first, second = "".join(["au", "rora-1"]), "".join(["auro", "ra-1"])
    assert first is not second
    assert clean_label(first) is clean_label(second)


def test_many_distinct_labels_are_all_clean_and_do_not_pile_up():
    for number in range(50_000):
        assert clean_label(f"campaign-{number}") == f"campaign-{number}"
    assert len(labels._clean) <= labels._CACHE_LIMIT
