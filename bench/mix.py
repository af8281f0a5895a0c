"""What the stream's events are and say: five topics, which every contender counts, or all twelve as a launch has them.

`FIVE`: 44 % visits, 30 % opens, 20 % clicks, 5 % mentions, 1 % sales; each mention has a score of its own. `TWELVE`: a
quarter impressions, 20 % deliveries, 20 % visits, 16 % opens, 11 % clicks, 5 % mentions without a score, so that the
lexicon reads their text (posts.py), and 3 % leads, sales, customers, answers, statements of spend and tactics.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bench.posts import POSTS

CENTS_A_DAY: Final = 86_400
DAY_MARK: Final = b"DAY-"
"""Stands in a planned record for a day so many (two digits) before the one on which its log begins."""

Says = Callable[[int, int], str]
"""What an event says beside the fields that all have, up to the closing brace; of 32 random bits and its time."""


@dataclass(frozen=True, slots=True)
class Mix:
    """The topics of a stream and their shares, in any unit; says: of each, in the same order."""

    topics: tuple[str, ...]
    shares: tuple[int, ...]
    says: tuple[Says, ...]
    dated: frozenset[str] = frozenset()


def _visit(bits: int, time_ms: int) -> str:
    page = f"https://shop.example.com/launch/aurora-{bits & 255:03d}"
    return f'"session":"s-{bits:010d}","page":"{page}","engaged":{_word(bits & 1)}}}'


def _open(bits: int, time_ms: int) -> str:
    client = f"Example Mail 12.4 (Linux; x86_64) {bits & 255:03d}"
    return f'"message":"m-{bits:010d}","client":"{client}","machine":{_word(bits % 5 == 0)}}}'


def _click(bits: int, time_ms: int) -> str:
    link = f"https://shop.example.com/launch/aurora-{bits & 255:03d}?from=mail"
    return f'"link":"{link}","machine":{_word(bits % 10 == 0)},"unsubscribe":false}}'


def _scored_mention(bits: int, time_ms: int) -> str:
    text = f"Looks great, {bits & 1023:04d} of us want one"
    return f'"text":"{text}","language":"en","sentiment":{bits % 201 - 100}e-2,"audience":{bits % 5000}}}'


def _sale(bits: int, time_ms: int) -> str:
    amount = f"{bits % 500 + 1}.{bits % 100:02d}"
    return f'"order":"o-{bits:010d}","amount":"{amount}","currency":"EUR","units":{bits % 3 + 1},"kind":"sale"}}'


def _any_click(bits: int, time_ms: int) -> str:
    return _click(bits, time_ms) if bits % 200 else f'"link":"unsubscribe-{bits & 255:03d}","unsubscribe":true}}'


def _mention(bits: int, time_ms: int) -> str:
    post = POSTS[bits % len(POSTS)]
    text = json.dumps(post.text, ensure_ascii=False)
    return f'"text":{text},"language":"{post.language}","audience":{(bits >> 12) % 5000}}}'


def _any_sale(bits: int, time_ms: int) -> str:
    kind = "sale" if bits % 20 else "refund"
    amount, currency = bits % 50_000 + 100, ("EUR", "EUR", "USD", "RUB")[bits >> 8 & 3]
    cost = f',"cost":"{_money(amount * 2 // 3)}"' if bits & 3 else ""
    return (
        f'"order":"o-{bits:010d}","amount":"{_money(amount)}","currency":"{currency}","units":{bits % 3 + 1}{cost},'
        f'"kind":"{kind}"}}'
    )


def _delivery(bits: int, time_ms: int) -> str:
    # Of a hundred: 50 sent, 46 delivered, 2 bounced, 1 complained, 1 unsubscribed.
    place = bits % 100
    statuses = ((50, "sent"), (96, "delivered"), (98, "bounced"), (99, "complained"), (100, "unsubscribed"))
    status = next(status for below, status in statuses if place < below)
    return f'"status":"{status}","message":"m-{bits:010d}","provider":"mail-{bits & 3}.example.com"}}'


def _impression(bits: int, time_ms: int) -> str:
    return f'"placement":"feed-{bits & 63:02d}/video/9x16","creative":"aurora-launch-{bits >> 6 & 255:03d}"}}'


def _lead(bits: int, time_ms: int) -> str:
    stage = ("lead", "lead", "lead", "lead", "qualified", "qualified", "opportunity")[bits % 7]
    return f'"lead":"L-{bits:010d}","stage":"{stage}","form":"https://shop.example.com/launch/waiting-list"}}'


def _spend(bits: int, time_ms: int) -> str:
    """One of 56 lines of a campaign's channel; what it has come to is the more, the later it is stated.

    So two statements of one line and one time say the same, and whichever of them stands is right.
    """
    line, day = bits & 7, (bits >> 3) % 7
    amount = (line + 1) * (time_ms + 2 * 60_000) // 100 + CENTS_A_DAY * day
    kind = "fee" if line & 4 else "media"
    return (
        f'"day":"{DAY_MARK.decode()}{day:02d}","amount":"{_money(amount)}","currency":"{("EUR", "USD")[line & 1]}",'
        f'"platform":"ads-{line & 1}.example.com","account":"eu-{line >> 1 & 1}","kind":"{kind}"}}'
    )


def _survey(bits: int, time_ms: int) -> str:
    question = "How likely are you to recommend us?" if bits & 1 else "How satisfied are you with your order?"
    answer = f'"nps","score":{(bits >> 1) % 11}' if bits & 1 else f'"csat","score":{(bits >> 1) % 5 + 1}'
    return f'"kind":{answer},"question":"{question}"}}'


def _customer(bits: int, time_ms: int) -> str:
    if bits % 3:
        return f'"status":"active","plan":"monthly-{bits & 7}"}}'
    return f'"status":"cancelled","reason":"{("price", "service", "technical", "product", "other")[bits % 5]}"}}'


def _tactic(bits: int, time_ms: int) -> str:
    title, owner = ("Price down", "Второе письмо", "New landing page")[bits % 3], ("Maria", "Олег")[bits >> 2 & 1]
    return f'"title":"{title}","detail":"Step {bits & 63} of the plan","owner":"{owner}"}}'


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _word(true: int) -> str:
    return "true" if true else "false"


FIVE: Final = Mix(
    ("visit", "open", "click", "mention", "sale"),
    (44, 30, 20, 5, 1),
    (_visit, _open, _click, _scored_mention, _sale),
)

_SHARES_OF_TWELVE: Final[Mapping[str, tuple[int, Says]]] = {
    "visit": (2000, _visit),
    "open": (1600, _open),
    "click": (1100, _any_click),
    "mention": (500, _mention),
    "sale": (80, _any_sale),
    "delivery": (2000, _delivery),
    "impression": (2500, _impression),
    "lead": (120, _lead),
    "spend": (20, _spend),
    "survey": (39, _survey),
    "customer": (40, _customer),
    "tactic": (1, _tactic),
}
TWELVE: Final = Mix(
    tuple(_SHARES_OF_TWELVE),
    tuple(share for share, _ in _SHARES_OF_TWELVE.values()),
    tuple(says for _, says in _SHARES_OF_TWELVE.values()),
    dated=frozenset({"spend"}),
)

MIXES: Final[Mapping[str, Mix]] = {"five": FIVE, "twelve": TWELVE}
