"""What must be right an hour before a launch. Pure: what was found out comes in, lines for people go out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from typing import Any, Literal
from zoneinfo import ZoneInfo

from agents.languages import Language
from agents.operations.preflight_said import channel_called, kpis_called, kpis_without, money, said
from agents.operations.preflight_words import TITLES, WORDS
from streams.counting.panes import day_index
from streams.counting.plan import plan_of
from streams.events.campaigns import Campaign, Owner
from streams.events.catalogue import topic_by_name
from streams.events.topic import no_fact
from streams.kpis.planned import FACTS, missing_for, without_value
from streams.kpis.registry import KPI_BY_NAME

Verdict = Literal["ok", "mend", "unknown"]

EVENTS_A_WORKER = 5_000
"""New events a second that one worker is trusted with: the rate at which `make bench` asks how soon they are shown."""

BUSY = 0.7
"""A worker that is busier than this has no room for a launch."""

LINES_OF_THEIR_OWN = frozenset({"starts_at", "ends_at", "budget"})
"""Facts of the catalogue whose lines say what is lost without them, alerts too."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at; `mend` is empty where nothing is to be done."""

    check: str
    verdict: Verdict
    title: str
    message: str
    mend: str


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """What Alertmanager says. trouble: why it does not answer, empty where it does. receiver: the default route's, ""
    where the configuration cannot be read; how: by what it sends (`email`, `webhook`), nothing where it sends nothing.
    sent, failed: notifications since it began, by integration; None where it does not say, and then why."""

    url: str
    trouble: str = ""
    version: str = ""
    receiver: str = ""
    how: tuple[str, ...] = ()
    receivers: int = 0
    sent: Mapping[str, int] | None = None
    failed: Mapping[str, int] = field(default_factory=dict)
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Kafka:
    """workers: members of the group. partitions: of each event topic that a worker reads, by its name in Kafka.
    trouble: why nobody can say."""

    workers: int = 0
    partitions: Mapping[str, int] = field(default_factory=dict)
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """All that was found out. zone: whose days the reports have. told: the catalogue's entry. arrived: see
    `agents.web.live.arrived`, None where the campaign's owner does not answer. topics: those that are read -> their
    names in Kafka. rate: events a second that are expected at the peak. busy: this worker's share of time, 0 to 1.
    unready: why it is not ready."""

    campaign: str
    now_ms: int
    zone: ZoneInfo
    told: Campaign | None
    arrived: Mapping[str, Any] | None
    topics: Mapping[str, str]
    alertmanager: Alertmanager | None
    kafka: Kafka
    rate: float | None
    busy: float
    unready: tuple[str, ...]


def preflight(found: Found, language: Language = "en") -> list[Line]:
    """Every line, in the order in which to mend."""
    return [
        Line(
            check,
            verdict,
            said(TITLES, check, language, **filled),
            said(WORDS, message, language, **filled),
            said(WORDS, mend, language, **filled),
        )
        for check, verdict, message, mend, filled in _all(found)
    ]


def worst(lines: Iterable[Line]) -> Verdict:
    """`mend` where anything is to be mended, else `unknown` where anything could not be looked at."""
    verdicts = {line.verdict for line in lines}
    return "mend" if "mend" in verdicts else "unknown" if "unknown" in verdicts else "ok"


def contacts(told: Campaign) -> tuple[str, ...]:
    """Where its owners can be reached, each place once, whoever answers for the whole campaign first."""
    return tuple(dict.fromkeys(owner.contact for owner in _everybody(told) if owner.contact))


def _everybody(told: Campaign) -> list[Owner]:
    whole = told.responsible("", None)
    return [*([] if whole is None else [whole]), *told.channel_owners.values(), *told.owners.values()]


_Raw = tuple[str, Verdict, str, str, dict[str, object]]


def _ok(check: str, message: str, **filled: object) -> _Raw:
    return check, "ok", message, "", filled


def _mend(check: str, message: str, mend: str, **filled: object) -> _Raw:
    return check, "mend", message, mend, filled


def _unknown(check: str, message: str, mend: str, **filled: object) -> _Raw:
    return check, "unknown", message, mend, filled


def _all(found: Found) -> Iterator[_Raw]:
    told = found.told
    if told is None:
        yield _mend("entry", "entry_none", "entry_mend", campaign=found.campaign)
    else:
        yield _ok("entry", "entry_ok", campaign=found.campaign)
        yield _dates(told, found.now_ms)
        yield _owners(told)
        yield _targets(told)
        yield _budget(told)
        yield _facts(told)
        yield _rates(told, found)
        yield from _expects(told, found)
    yield from _alerts(found)
    yield _worker(found)
    yield from _capacity(found)


def _dates(told: Campaign, now_ms: int) -> _Raw:
    missing = [name for name in ("starts_at", "ends_at") if getattr(told, name) is None]
    if told.starts_at is None or told.ends_at is None:
        return _mend("dates", "dates_none", "dates_mend", fields=", ".join(missing))
    end = _minute(told.ends_at)
    if told.ends_at.timestamp() * 1000 <= now_ms:
        return _mend("dates", "dates_over", "dates_over_mend", end=end)
    return _ok("dates", "dates_ok", start=_minute(told.starts_at), end=end)


def _minute(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _owners(told: Campaign) -> _Raw:
    whole = told.responsible("", None)
    if whole is None:
        return _mend("owners", "owners_none", "owners_mend")
    # The same person may be named with a contact in one place and without in another.
    everybody = _everybody(told)
    mute = dict.fromkeys(one.name for one in everybody if not one.contact)
    if mute:
        return _mend("owners", "owners_mute", "owners_mend", names=", ".join(mute))
    return _ok("owners", "owners_ok", names=", ".join(dict.fromkeys(one.name for one in everybody)))


def _targets(told: Campaign) -> _Raw:
    if not told.targets:
        return _mend("targets", "targets_none", "targets_mend")
    known = [(KPI_BY_NAME[one.kpi], one.window) for one in told.targets if one.kpi in KPI_BY_NAME]
    blind = [(kpi, facts) for kpi, window in known if (facts := missing_for(told, kpi, window))]
    if not blind:
        return _ok("targets", "targets_ok", n=len(told.targets))
    fields = [fact for fact in FACTS if any(fact in facts for _, facts in blind)]
    kpis = kpis_called(kpi for kpi, _ in blind)
    numbers = {"n": len(told.targets), "blind": len(blind)}
    return _mend("targets", "targets_blind", "targets_blind_mend", kpis=kpis, fields=", ".join(fields), **numbers)


def _facts(told: Campaign) -> _Raw:
    """What else KPIs take of the catalogue."""
    without = {fact: kpis for fact, kpis in without_value(told).items() if fact not in LINES_OF_THEIR_OWN}
    if not without:
        return _ok("facts", "facts_ok", fields=", ".join(fact for fact in FACTS if fact not in LINES_OF_THEIR_OWN))
    return _mend("facts", "facts_missing", "facts_mend", kpis=kpis_without(without), fields=", ".join(without))


def _budget(told: Campaign) -> _Raw:
    if told.budget is None:
        return _mend("budget", "budget_none", "budget_mend")
    return _ok("budget", "budget_ok", money=money(told.budget, told.currency))


def _rates(told: Campaign, found: Found) -> _Raw:
    if told.currency is None:
        return _mend("rates", "rates_none", "rates_mend")
    plan = plan_of(told)
    start = told.starts_at or datetime.fromtimestamp(found.now_ms / 1000, UTC)
    day = start.astimezone(found.zone).date()
    come = () if found.arrived is None else found.arrived["currencies"]
    wanted = sorted(({*come, *plan.rates}) - {told.currency})
    missing = [currency for currency in wanted if plan.rate(currency, day_index(day)) is None]
    if missing:
        return _mend("rates", "rates_missing", "rates_mend", missing=", ".join(missing), day=day.isoformat())
    if not wanted:
        return _ok("rates", "rates_only", currency=told.currency)
    return _ok("rates", "rates_ok", currency=told.currency, known=", ".join(wanted))


def _expects(told: Campaign, found: Found) -> Iterator[_Raw]:
    wanted = [(channel, topic) for channel, topics in told.expects.items() for topic in dict.fromkeys(topics)]
    if not wanted:
        yield _mend("expects", "expects_none", "expects_mend")
        return
    unread = dict.fromkeys(topic for _, topic in wanted if topic not in found.topics)
    if unread:
        yield _mend("expects", "expects_unread", "expects_unread_mend", topics=", ".join(unread))
    else:
        yield _ok("expects", "expects_ok", n=len(wanted), channels=len(told.expects))
    for channel, topic in wanted:
        yield _tests(told, found, channel, topic)


def _tests(told: Campaign, found: Found, channel: str, topic: str) -> _Raw:
    filled: dict[str, object] = {
        "channel": channel,
        "called": channel_called(channel),
        "topic": topic,
        "campaign": found.campaign,
        "place": found.topics.get(topic, topic),
    }
    if found.arrived is None:
        return _unknown("tests", "tests_away", "tests_away_mend", **filled)
    tests, recent, others, of_day = found.arrived["channels"].get(channel, {}).get(topic, (0, 0, 0, 0))
    begun = told.starts_at is not None and told.starts_at.timestamp() * 1000 <= found.now_ms
    if others and begun:
        return _ok("tests", "tests_live", **filled)
    if others and topic_by_name(topic).fact is not no_fact:
        # What was paid, or changed, before the launch is meant to be counted.
        return _ok("tests", "tests_stated", others=others, **filled)
    if of_day:
        return _mend("tests", "tests_real", "tests_real_mend", n=recent, others=of_day, **filled)
    if recent:
        return _ok("tests", "tests_after" if others else "tests_ok", n=recent, others=others, **filled)
    if others:
        return _mend("tests", "tests_before", "tests_mend", others=others, **filled)
    if tests:
        return _mend("tests", "tests_old", "tests_mend", n=tests, **filled)
    return _mend("tests", "tests_none", "tests_mend", **filled)


def _alerts(found: Found) -> Iterator[_Raw]:
    there = found.alertmanager
    if there is None:
        yield _mend("alertmanager", "alertmanager_unset", "alertmanager_unset_mend")
        return
    if there.trouble:
        yield _mend("alertmanager", "alertmanager_away", "alertmanager_away_mend", url=there.url, why=there.trouble)
        return
    yield _ok("alertmanager", "alertmanager_ok", url=there.url, version=there.version)
    if not there.receiver:
        yield _unknown("receiver", "receiver_unread", "receiver_mend")
    elif not there.how:
        yield _mend("receiver", "receiver_mute", "receiver_mend", name=there.receiver)
    else:
        yield _ok("receiver", "receiver_ok", name=there.receiver, how=", ".join(there.how), n=there.receivers)
    yield _delivery(found, there)


def _delivery(found: Found, there: Alertmanager) -> _Raw:
    if there.sent is None:
        return _unknown("delivery", "delivery_unread", "delivery_none_mend", why=there.unread, campaign=found.campaign)
    sent = sum(there.sent.values())
    failed = {name: number for name, number in there.failed.items() if number}
    if failed:
        how = ", ".join(f"{name}: {number}" for name, number in failed.items())
        total = sum(failed.values())
        return _mend("delivery", "delivery_failed", "delivery_failed_mend", n=sent, failed=total, how=how)
    if not sent:
        return _unknown("delivery", "delivery_none", "delivery_none_mend", campaign=found.campaign)
    return _ok("delivery", "delivery_ok", n=sent, how=", ".join(name for name, number in there.sent.items() if number))


def _worker(found: Found) -> _Raw:
    busy = round(found.busy * 100)
    if found.unready:
        return _mend("worker", "worker_unready", "worker_unready_mend", why="; ".join(found.unready))
    if found.busy > BUSY:
        return _mend("worker", "worker_busy", "worker_busy_mend", busy=busy)
    return _ok("worker", "worker_ok", busy=busy)


def _capacity(found: Found) -> Iterator[_Raw]:
    if found.rate is None:
        yield _unknown("rate", "rate_none", "rate_mend", campaign=found.campaign)
        return
    rate, kafka = round(found.rate), found.kafka
    yield _ok("rate", "rate_ok", rate=rate)
    if kafka.trouble:
        yield _unknown("workers", "kafka_away", "kafka_mend", why=kafka.trouble)
        return
    needed = max(1, ceil(found.rate / EVENTS_A_WORKER))
    filled: dict[str, object] = {
        "n": kafka.workers,
        "rate": rate,
        "needed": needed,
        "each": EVENTS_A_WORKER,
        "more": needed - kafka.workers,
    }
    if kafka.workers < needed:
        yield _mend("workers", "workers_few", "workers_mend", **filled)
    else:
        yield _ok("workers", "workers_ok", **filled)
    few = [name for name, partitions in kafka.partitions.items() if partitions < needed]
    if few:
        topics = ", ".join(f"{name} ({kafka.partitions[name]})" for name in few)
        yield _mend("partitions", "partitions_few", "partitions_mend", needed=needed, topics=topics, topic=few[0])
    else:
        yield _ok("partitions", "partitions_ok", least=min(kafka.partitions.values(), default=0), needed=needed)
