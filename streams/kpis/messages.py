"""Messages: what became of those that were sent, who opened and who clicked; raw, and with machines left out.

Raw rates count every open and click, by machines too. The others count people: each once, however often they did it.
"""

from collections.abc import Callable

from streams.counting.windows import WindowSums
from streams.events.measures import Measure, People
from streams.kpis.kpi import FROM_1H, FROM_1M, Kind, Kpi, count_of, people_of, people_share_of, share_of
from streams.kpis.reach import SKETCH

_USUAL = ("1h", "today", "launch")
_EXPORTED = ("today", "launch")
_WATCHED = ("1h", "launch")
_LAUNCH = ("launch",)

_sent = count_of(Measure.SENT)
_delivered = count_of(Measure.DELIVERED)
_openers = people_of(People.OPENERS)
_clickers = people_of(People.CLICKERS)
_all_opens = count_of(Measure.OPENS, Measure.MACHINE_OPENS)
_all_clicks = count_of(Measure.CLICKS, Measure.MACHINE_CLICKS)
_left = count_of(Measure.UNSUBSCRIBED, Measure.UNSUBSCRIBES)


def _count(
    name: str, title: str, formula: Callable[[WindowSums], int], text: str, reads: tuple[str, ...], explanation: str,
    *, good: str = "up", exported: tuple[str, ...] = _USUAL, windows: tuple[str, ...] = FROM_1H,
) -> Kpi:  # fmt: skip
    return Kpi(
        name=name,
        title=title,
        unit="events",
        kind=Kind.COUNT,
        formula=formula,
        formula_text=text,
        reads=reads,
        windows=windows,
        exported=exported,
        good=good,
        explanation=explanation,
    )


def _people(name: str, title: str, kind: People, text: str, topic: str, explanation: str) -> Kpi:
    return Kpi(
        name=name,
        title=title,
        unit="people",
        kind=Kind.PEOPLE,
        formula=people_of(kind),
        formula_text=text,
        reads=(topic,),
        people=(kind,),
        windows=FROM_1H,
        exported=_EXPORTED,
        explanation=explanation,
        source=SKETCH,
    )


def _rate(
    name: str, title: str, formula: Callable[[WindowSums], float | None], text: str, reads: tuple[str, ...],
    denominator: str, explanation: str, source: str, *, good: str = "up", exported: tuple[str, ...] = _EXPORTED,
    people: tuple[People, ...] = (),
) -> Kpi:  # fmt: skip
    return Kpi(
        name=name,
        title=title,
        unit="ratio",
        kind=Kind.RATIO,
        formula=formula,
        formula_text=text,
        reads=reads,
        windows=FROM_1H,
        exported=exported,
        good=good,
        denominator=denominator,
        min_volume=100,
        people=people,
        explanation=explanation,
        source=source,
    )


_EMAIL = "email practice (Mailchimp, HubSpot): "

KPIS = (
    _rate(
        "open_rate", "Open rate", people_share_of(_openers, (Measure.DELIVERED,)),
        "unique openers ÷ delivered, machines left out", ("delivery", "open"), "delivered",
        "Of the messages delivered, how many people opened one. Over several mailings a person still counts once.",
        _EMAIL + "unique opens ÷ delivered; privacy proxies left out as since Apple's Mail Privacy Protection",
        people=(People.OPENERS,),
    ),
    _rate(
        "raw_open_rate", "Raw open rate", share_of(_all_opens, _delivered), "(opens + machine opens) ÷ delivered",
        ("delivery", "open"), "delivered",
        "Every open, by machines too and as often as it happened: what providers show who leave nothing out.",
        _EMAIL + "total opens ÷ delivered", exported=_LAUNCH,
    ),
    _rate(
        "click_rate", "Click rate", people_share_of(_clickers, (Measure.DELIVERED,)),
        "unique clickers ÷ delivered, machines left out", ("click", "delivery"), "delivered",
        "Of the messages delivered, how many people clicked in one.", _EMAIL + "unique clicks ÷ delivered",
        people=(People.CLICKERS,),
    ),
    _rate(
        "raw_click_rate", "Raw click rate", share_of(_all_clicks, _delivered), "(clicks + machine clicks) ÷ delivered",
        ("click", "delivery"), "delivered", "Every click, by link checkers too and as often as it happened.",
        _EMAIL + "total clicks ÷ delivered", exported=_LAUNCH,
    ),
    _rate(
        "click_to_open_rate", "Click-to-open rate", share_of(_clickers, _openers),
        "unique clickers ÷ unique openers, machines left out of both", ("click", "open"), "openers",
        "Of the people who opened, how many clicked. It means something where messages are opened (email, push); over "
        "all channels, clicks on ads stand above opens of mails.",
        _EMAIL + "unique clicks ÷ unique opens; " + SKETCH,
        people=(People.CLICKERS, People.OPENERS),
    ),
    _rate(
        "raw_click_to_open_rate", "Raw click-to-open rate", share_of(_all_clicks, _all_opens),
        "(clicks + machine clicks) ÷ (opens + machine opens)", ("click", "open"), "raw_opens",
        "Every click by every open, machines in both.", _EMAIL + "total clicks ÷ total opens", exported=_LAUNCH,
    ),
    _rate(
        "bounce_rate", "Bounce rate", share_of(count_of(Measure.BOUNCED), _sent), "bounced ÷ sent",
        ("delivery",), "sent",
        "How many of the messages sent were not taken by the receiver's side.",
        _EMAIL + "bounces ÷ sent; above 2 % providers begin to worry", good="down", exported=_WATCHED,
    ),
    _rate(
        "complaint_rate", "Complaint rate", share_of(count_of(Measure.COMPLAINED), _sent), "complained ÷ sent",
        ("delivery",), "sent", "How many of the messages sent were reported as spam.",
        "Gmail and Yahoo sender guidelines: keep it below 0.1 %, never reach 0.3 %", good="down", exported=_WATCHED,
    ),
    _rate(
        "unsubscribe_rate", "Unsubscribe rate", share_of(_left, _delivered),
        "(unsubscribed as the provider says + clicks on an unsubscribe link) ÷ delivered", ("click", "delivery"),
        "delivered", "How many of the messages delivered made somebody leave the list. Report each leave by one of the "
        "two topics only, or it counts twice.", _EMAIL + "unsubscribes ÷ delivered", good="down",
    ),
    _count(
        "sent", "Messages sent", _sent, "deliveries that say sent", ("delivery",),
        "Messages handed over to be sent.", exported=_WATCHED,
    ),
    _count(
        "delivered", "Messages delivered", _delivered, "deliveries that say delivered", ("delivery",),
        "Messages that the receiver's side took.",
    ),
    _count(
        "bounced", "Messages bounced", count_of(Measure.BOUNCED), "deliveries that say bounced", ("delivery",),
        "Messages that the receiver's side refused.", good="down", exported=_LAUNCH,
    ),
    _count(
        "complained", "Complaints", count_of(Measure.COMPLAINED), "deliveries that say complained", ("delivery",),
        "Messages reported as spam.", good="down", exported=_LAUNCH,
    ),
    _count(
        "unsubscribed", "Unsubscribes by provider", count_of(Measure.UNSUBSCRIBED),
        "deliveries that say unsubscribed", ("delivery",), "People who left the list, as the provider says.",
        good="down", exported=_LAUNCH,
    ),
    _count(
        "unsubscribes", "Unsubscribes by click", count_of(Measure.UNSUBSCRIBES), "clicks on an unsubscribe link",
        ("click",), "People who left by a link in the message.", good="down", exported=_LAUNCH,
    ),
    _count(
        "opens", "Opens", count_of(Measure.OPENS), "opens, machines left out", ("open",),
        "Messages opened by people, every time they were opened.",
        exported=("5m", "1h", "today", "launch"), windows=FROM_1M,
    ),
    _count(
        "machine_opens", "Machine opens", count_of(Measure.MACHINE_OPENS),
        "opens that their source marked as made by a machine", ("open",),
        "Privacy proxies that load every picture, and bots: shown, and in raw rates only.", good="",
        exported=_LAUNCH,
    ),
    _count(
        "raw_opens", "All opens", _all_opens, "opens + machine opens", ("open",),
        "Every open that was reported: the denominator of the raw click-to-open rate.", good="", exported=_LAUNCH,
    ),
    _count(
        "machine_clicks", "Machine clicks", count_of(Measure.MACHINE_CLICKS),
        "clicks that their source marked as made by a machine", ("click",),
        "Link checkers and bots: shown, and in raw rates only.", good="", exported=_LAUNCH,
    ),
    _people(
        "openers", "Unique openers", People.OPENERS, "unique people who opened a message, machines left out", "open",
        "How many different people opened at least one message. Opens by privacy proxies and bots are left out.",
    ),
    _people(
        "clickers", "Unique clickers", People.CLICKERS, "unique people who clicked, machines left out", "click",
        "How many different people clicked at least one link. Link checkers and other machines are left out.",
    ),
)  # fmt: skip
