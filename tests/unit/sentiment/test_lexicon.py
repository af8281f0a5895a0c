"""What the lexicon makes of sentences: one behaviour a test, in Russian and in English."""

from __future__ import annotations

import hashlib
from importlib.resources import files

import pytest

from streams.events.mention import NEGATIVE_BELOW, POSITIVE_ABOVE
from streams.sentiment import lexicon
from streams.sentiment.lexicon import HEAD_CHARACTERS, LEXICON_VERSION, TAIL_CHARACTERS, score
from streams.sentiment.tables import FILES


def known(text: str, language: str | None = None) -> float:
    found = score(text, language)
    assert found is not None
    return found


def kind(text: str) -> bool:
    return known(text) > POSITIVE_ABOVE


def unkind(text: str) -> bool:
    return known(text) < NEGATIVE_BELOW


def neither(text: str) -> bool:
    return NEGATIVE_BELOW <= known(text) <= POSITIVE_ABOVE


@pytest.mark.parametrize("text", ["A wonderful phone", "Замечательный телефон", "замечательные люди", "ЗАМЕЧАТЕЛЬНО"])
def test_praise_is_kind(text: str) -> None:
    assert kind(text)


@pytest.mark.parametrize("text", ["A terrible phone", "Ужасный телефон", "ужаснейшее качество", "TERRIBLE"])
def test_blame_is_unkind(text: str) -> None:
    assert unkind(text)


@pytest.mark.parametrize("text", ["It comes in three sizes", "Есть три размера", "12:30, 4 GB", "The phone. Телефон."])
def test_plain_words_take_no_side(text: str) -> None:
    assert neither(text)


def test_every_form_of_a_russian_word_is_one_word() -> None:
    forms = (
        "отвратительный",
        "отвратительная",
        "отвратительное",
        "отвратительно",
        "отвратительного",
        "отвратительными",
    )
    assert len({score(form) for form in forms}) == 1


@pytest.mark.parametrize("text", ["Радио и радиус", "Тополь у дороги", "A classic assassin", "Goodyear tyres"])
def test_word_that_only_begins_like_praise_or_blame_is_none(text: str) -> None:
    assert neither(text)


@pytest.mark.parametrize(
    ("plain", "negated"),
    [
        ("good", "not good"),
        ("it is good", "it isn't really that good"),
        ("useful", "never useful"),
        ("it is great", "it is not so great"),
        ("удобно", "не удобно"),
        ("удобно", "не очень удобно"),
        ("это хороший телефон", "это не хороший телефон"),
    ],
)
def test_negation_turns_praise_into_blame(plain: str, negated: str) -> None:
    assert kind(plain)
    assert unkind(negated)


@pytest.mark.parametrize(
    "text",
    ["not terrible", "no bugs", "without problems", "never a single crash", "не ужасно", "без проблем",
     "ни одного бага", "жалоб нет"],
)  # fmt: skip
def test_negation_turns_blame_into_praise(text: str) -> None:
    assert kind(text)


def test_negated_word_weighs_less_than_its_opposite() -> None:
    assert known("terrible") < known("not wonderful") < 0
    assert 0 < known("not terrible") < known("wonderful")


@pytest.mark.parametrize(
    "text",
    ["I did not see the ad last week in town, it is great", "Not today. Great phone", "not a word, great",
     "Не видел рекламу, отличный телефон", "Я не был там вчера вечером и телефон отличный"],
)  # fmt: skip
def test_negation_reaches_only_the_next_words_of_its_clause(text: str) -> None:
    assert kind(text)


def test_several_russian_negations_are_one() -> None:
    assert unkind("Никогда ничего не работает")
    assert unkind("никто не отвечает")


@pytest.mark.parametrize(
    ("text", "stronger"),
    [
        ("good", "very good"),
        ("bad", "extremely bad"),
        ("хорошо", "очень хорошо"),
        ("плохо", "совсем плохо"),
        ("good phone", "GOOD phone"),
        ("удобно", "удооообно"),
        ("nice", "niiiiice"),
        ("good", "good!"),
        ("good!", "good!!!"),
        ("плохо", "плохо!!"),
    ],
)
def test_emphasis_strengthens(text: str, stronger: str) -> None:
    assert abs(known(stronger)) > abs(known(text)) > 0
    assert known(stronger) * known(text) > 0


@pytest.mark.parametrize(("text", "weaker"), [("good", "somewhat good"), ("хорошо", "довольно хорошо")])
def test_softening_weakens(text: str, weaker: str) -> None:
    assert 0 < known(weaker) < known(text)


def test_exclamation_marks_beyond_three_add_nothing() -> None:
    assert known("good!!!") == known("good!!!!!!!!!!")


@pytest.mark.parametrize(
    "text", ["the box was ugly but the phone is wonderful", "коробка некрасивая, но телефон замечательный"]
)
def test_what_follows_a_but_outweighs_what_stands_before(text: str) -> None:
    assert kind(text)


@pytest.mark.parametrize("text", ["Great idea, the app crashes", "Супер, опять не работает"])
def test_blame_beside_praise_outweighs_it(text: str) -> None:
    assert unkind(text)


@pytest.mark.parametrize("text", ["😍", "new phone 🔥🔥", "👍", "👍🏽", "❤️", "❤", "🥳", "the phone :)", "телефон)))"])
def test_glad_emoji_is_kind(text: str) -> None:
    assert kind(text)


@pytest.mark.parametrize("text", ["😡", "new phone 👎", "телефон 💩💩", "the phone :(", "телефон(((", "💔"])
def test_sour_emoji_is_unkind(text: str) -> None:
    assert unkind(text)


def test_emoji_turns_over_praise_that_it_mocks() -> None:
    assert unkind("great update 🙃")
    assert unkind("прекрасное обновление 🙃")


def test_emoji_that_takes_no_side_alone_is_unknown() -> None:
    assert score("🧵") is None


@pytest.mark.parametrize(
    "text",
    ["не приехало", "ещё не приехала посылка", "заказ до сих пор не доставили", "нет доставки", "ответа нет",
     "Верните деньги", "верните мне мои деньги", "верните пожалуйста деньги", "where is my order",
     "I want my money back",
     "no reply", "it does not work", "won't load", "still waiting", "refused to refund", "не советую", "сайт лежит",
     "charged twice", "out of stock", "дважды списали"],
)  # fmt: skip
def test_what_goes_wrong_with_a_launch_is_unkind(text: str) -> None:
    assert unkind(text)


@pytest.mark.parametrize(
    "text",
    ["приехало во вторник", "the parcel arrives on Tuesday", "доставили по адресу", "shipped today"],
)
def test_what_is_expected_of_a_launch_takes_no_side(text: str) -> None:
    assert neither(text)


@pytest.mark.parametrize(
    "text", ["Can't wait", "worth every penny", "жду не дождусь", "стоит своих денег", "снимаю шляпу", "just works"]
)
def test_saying_means_more_than_its_words(text: str) -> None:
    assert kind(text)


def test_longest_saying_decides() -> None:
    assert unkind("не стоит своих денег")
    assert kind("стоит своих денег")


@pytest.mark.parametrize(("right", "wrong"), [
    ("recommend", "reccomend"), ("disappointed", "disapointed"), ("excellent", "excelent"), ("terrible", "terrbile"),
    ("отвратительно", "отвратително"), ("разочарована", "разачарована"), ("рекомендую", "рикомендую"),
    ("великолепно", "великоллепно"), ("прекрасно", "прекарсно"),
])  # fmt: skip
def test_common_misspelling_counts_as_the_word(right: str, wrong: str) -> None:
    assert known(wrong) == known(right) != 0


@pytest.mark.parametrize("text", ["отличный launch, ребята", "great стрим", "Delivery просто ужас, never again"])
def test_mixed_languages_are_read_together(text: str) -> None:
    assert not neither(text)


def test_question_whether_something_is_good_is_weaker_than_saying_so() -> None:
    assert 0 <= known("Is it good?") < known("It is good.")


def test_letter_yo_is_the_letter_ye() -> None:
    assert known("приём тёплый, надёжно") == known("прием теплый, надежно")


def test_address_in_a_text_is_not_read() -> None:
    assert neither("see https://example.org/worst/awful and @terrible_guy")
    assert score("https://example.org/best") is None


@pytest.mark.parametrize("text", ["", "   ", "12345", "…", "素晴らしい", "\x00", "🧵🧵"])
def test_text_without_anything_readable_is_unknown(text: str) -> None:
    assert score(text) is None


@pytest.mark.parametrize("language", ["ru", "RU", "ru-RU", "en_US", "en", "und", "mul", "", None])
def test_language_that_is_known_or_not_told_is_read(language: str | None) -> None:
    assert known("great, отлично", language) > 0


@pytest.mark.parametrize("language", ["de", "uk", "zh-Hant", "tlh"])
def test_other_language_is_unknown(language: str) -> None:
    assert score("great", language) is None


def test_of_a_long_text_the_beginning_and_the_end_are_read() -> None:
    filler = "the phone has a screen and a box " * 1000
    assert kind(f"wonderful {filler}")
    assert unkind(f"{filler} terrible")
    assert neither(f"{'x ' * HEAD_CHARACTERS}wonderful{' x' * TAIL_CHARACTERS}")


def test_lexicon_that_changes_has_another_version() -> None:
    """What a text scores is part of the format: say so with a new version, and here."""
    words = hashlib.sha256(b"".join(files("streams.sentiment").joinpath(name).read_bytes() for name in FILES))
    rules = {
        "Not GREAT, but очень удобно!! 😍": 0.8885,
        "Супер, третий день жду, верните мне деньги?": -0.6956,
        "Great update 🙃": -0.6124,
        "Is it good?": 0.0,
        "Никогда ничего не работает": -0.4588,
        "sooo disapointed": -0.5859,
    }
    found = {text: score(text) for text in rules}
    assert (LEXICON_VERSION, words.hexdigest()[:16], found) == (1, "6518520985148157", rules)


def test_nothing_is_remembered_of_a_text_but_its_words() -> None:
    lexicon._look.cache_clear()
    score("one two three. " * 1000)
    assert lexicon._look.cache_info().currsize < 10
