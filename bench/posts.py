"""Posts about a launch, made up for the benchmark: a few thousand different ones, half Russian and half English.

Of short sentences that praise, ask, tell or complain, with emoji, shouting and slips of the keyboard, so that the
lexicon has of everything that it has to look at. The same on every machine and Python.
"""

from __future__ import annotations

import random
from typing import Final, NamedTuple

SEED: Final = 11
MANY: Final = 4_000
SLIPPED: Final = 0.2
SHOUTED: Final = 0.05


class Post(NamedTuple):
    """text: of one to three sentences. language: its BCP 47 tag."""

    text: str
    language: str


_ENGLISH: Final = (
    ("The {thing} arrived", "My {thing} came", "Unboxed the {thing}", "Ordered the {thing}", "Been using the {thing}"),
    ("{when}", "{when}, finally", "{when} and", "{when}, so", "after a week of waiting"),
    (
        "and I love it", "it looks gorgeous", "works perfectly", "not bad at all", "I expected more", "it is just fine",
        "the box was damaged", "the battery is awful", "it never turned on", "support never answered",
        "I want my money back", "would buy again", "my kids adore it", "cheap plastic, really disappointed",
        "can't recommend it", "easily the best this year", "no idea how to set it up", "still waiting for a refund",
    ),
    (
        "", "", "", "Is it out in blue?", "Thanks to the team!", "Checkout crashed twice though.",
        "The launch stream starts at nine.", "Great, it broke on day one.", "Delivery was quick.", "Shame on you.",
        "Has anybody compared it with last year's?", "Details: https://shop.example.com/launch/aurora",
    ),
)  # fmt: skip
_RUSSIAN: Final = (
    ("Пришёл {thing}", "Заказала {thing}", "Купил {thing}", "Распаковала {thing}", "Неделю пользуюсь: {thing}"),
    ("{when}", "{when}, наконец-то", "{when} и", "{when}, так что", "после недели ожидания"),
    (
        "очень красиво", "всё работает отлично", "совсем не плохо", "дети в восторге", "ожидал большего",
        "обычная вещь", "коробка мятая", "батарея ужасная", "вообще не включается", "поддержка не отвечает",
        "верните деньги", "куплю ещё", "дешёвый пластик, разочарован", "никому не советую", "лучшее за год",
        "не понял, как настроить", "до сих пор жду возврат", "не стоит своих денег",
    ),
    (
        "", "", "", "А в синем цвете будет?", "Спасибо команде!", "Правда, корзина дважды зависла.",
        "Трансляция начинается в девять.", "Класс, сломалось в первый день.", "Привезли быстро.", "Позор.",
        "Кто-нибудь сравнивал с прошлогодней моделью?", "Подробности: https://shop.example.com/launch/aurora",
    ),
)  # fmt: skip
_FILLED: Final = {
    "en": (("lamp", "speaker", "watch", "kettle", "starter kit"), ("today", "yesterday", "on Friday", "last night")),
    "ru": (("светильник", "колонка", "браслет", "чайник", "набор"), ("сегодня", "вчера", "в пятницу", "ночью")),
}
_ENDS: Final = ("", "", "", ".", "!", "!!!", " 😍", " 😡", " 👍", " ❤", " :(", " 🤷", " 🔥🔥", "...")


def posts(seed: int = SEED, many: int = MANY) -> tuple[Post, ...]:
    """So many different ones, the languages by turns."""
    rng = random.Random(seed)
    found: dict[Post, None] = {}
    while len(found) < many:
        found.setdefault(_post(rng, "en" if len(found) % 2 else "ru"))
    return tuple(found)


def _post(rng: random.Random, language: str) -> Post:
    parts = _ENGLISH if language == "en" else _RUSSIAN
    things, times = _FILLED[language]
    begun, when, told, more = map(rng.choice, parts)
    text = f"{begun} {when} {told}".format(thing=rng.choice(things), when=rng.choice(times)) + rng.choice(_ENDS)
    text = f"{text} {more}" if more else text
    if rng.random() < SLIPPED:
        at = rng.randrange(len(text) - 1)
        text = f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"
    return Post(text.upper() if rng.random() < SHOUTED else text, language)


POSTS: Final = posts()
