"""What people write in the simulation, in English and Russian. Nothing here was written by anybody real."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "good": (
            "Ordered the new lamp at once, it looks gorgeous 😍",
            "Best launch of the year, hands down",
            "Shipping took one day. Impressed!",
            "Not bad at all, my kids love it",
            "Finally something that just works ❤",
        ),
        "neutral": (
            "Is it available in blue?",
            "Launch stream starts at nine",
            "Comparing this with last year's model",
        ),
        "bad": (
            "The landing page is down again 😡",
            "Paid an hour ago and still no confirmation",
            "Not worth the price, really disappointed",
            "Checkout crashed twice. I give up.",
        ),
    },
    "ru": {
        "good": (
            "Заказала сразу две, очень красиво 😍",
            "Отличный запуск, всё работает!",
            "Привезли на следующий день, спасибо",
            "Совсем не плохо, детям нравится",
        ),
        "neutral": (
            "А в синем цвете будет?",
            "Трансляция начинается в девять",
            "Сравниваю с прошлогодней моделью",
        ),
        "bad": (
            "Сайт опять лежит 😡",
            "Оплатил час назад, подтверждения нет",
            "Не стоит своих денег, разочарован",
            "Корзина дважды зависла, сдаюсь",
        ),
    },
}


def tone_of(hundredths: int) -> str:
    """Which kind of text fits a sentiment in hundredths, -100 to 100."""
    return "good" if hundredths > 15 else "bad" if hundredths < -15 else "neutral"
