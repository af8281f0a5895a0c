"""A preflight says of everything whether it is right, and what to mend where it is not."""

import re
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from agents.campaign.show import Arrived
from agents.cli.preflight import print_lines
from agents.languages import LANGUAGES, Language
from agents.operations.preflight import Alertmanager, Found, Kafka, preflight, worst
from agents.operations.preflight_parts import ask_alertmanager
from agents.operations.preflight_words import TITLES, WORDS
from agents.web import live
from agents.web.board_files import PREFLIGHT_FOLDER
from agents.web.channel_names import russian_channels
from agents.web.questions import ARRIVED, Question, arrived_of, unpacked
from streams.events.campaigns import parse_campaign
from streams.events.channels import ALL_CHANNELS_NAME, CHANNEL_CODES
from streams.events.measures import Measure, money_key
from tests.unit.kpi_pictures import NOW_MS

ENTRY: dict[str, Any] = {
    "id": "aurora",
    "starts_at": "2027-01-01T00:00:00Z",
    "ends_at": "2027-02-01T00:00:00Z",
    "owner": {"name": "Maria", "contact": "maria@example.com"},
    "expects": {"email": ["click"]},
    "budget": 100,
    "currency": "EUR",
    "fx": [{"currency": "GBP", "day": "2026-12-01", "rate": 1.2}],
    "gross_margin": 0.4,
    "baseline_revenue_per_day": 10,
    "customers_at_start": 0,
    "targets": [{"kpi": "orders", "window": "launch", "min": 5}],
}
READY = Found(
    "aurora",
    NOW_MS,
    ZoneInfo("UTC"),
    parse_campaign(ENTRY),
    {"channels": {"email": {"click": [3, 2, 0, 0]}}, "currencies": ["GBP"]},
    {"click": "shop.click", "open": "shop.open"},
    Alertmanager("http://alerts", "", "0.27", "on-call", ("webhook",), 2, {"webhook": 4}),
    Kafka(2, {"shop.click": 4}),
    8_000.0,
    0.2,
    (),
)


def told(**fields: Any) -> Found:
    return replace(READY, told=parse_campaign({name: one for name, one in (ENTRY | fields).items() if one is not None}))


def arrived(*counts: object) -> Found:
    return replace(READY, arrived={"channels": {"email": {"click": counts}}, "currencies": []})


def test_where_everything_is_right_nothing_is_to_be_mended() -> None:
    lines = preflight(READY)
    assert worst(lines) == "ok"
    assert [line.mend for line in lines if line.mend] == []


@pytest.mark.parametrize(
    ("found", "check", "verdict"),
    [
        (replace(READY, told=None), "entry", "mend"),
        (told(ends_at=None), "dates", "mend"),
        (told(owner="Maria"), "owners", "mend"),
        (told(targets=[]), "targets", "mend"),
        (told(budget=None), "budget", "mend"),
        (told(fx=[]), "rates", "mend"),
        (told(customers_at_start=None), "facts", "mend"),
        (told(gross_margin=None, targets=[{"kpi": "mroi", "window": "launch", "min": 1}]), "targets", "mend"),
        (told(expects=None), "expects", "mend"),
        (told(expects={"email": ["sale"]}), "expects", "mend"),
        (arrived(0, 0, 0, 0), "tests", "mend"),
        (arrived(3, 0, 0, 0), "tests", "mend"),
        (arrived(0, 0, 7, 0), "tests", "mend"),
        (arrived(0, 0, 7, 2), "tests", "mend"),
        (arrived(3, 2, 7, 1), "tests", "mend"),
        (replace(READY, arrived=None), "tests", "unknown"),
        (replace(READY, alertmanager=None), "alertmanager", "mend"),
        (replace(READY, alertmanager=Alertmanager("u", "refused")), "alertmanager", "mend"),
        (replace(READY, alertmanager=Alertmanager("u", "", "1", "nobody", (), 0, {"email": 1})), "receiver", "mend"),
        (
            replace(READY, alertmanager=Alertmanager("u", "", "1", "a", ("email",), 1, {"email": 0})),
            "delivery",
            "unknown",
        ),
        (
            replace(READY, alertmanager=Alertmanager("u", "", "1", "a", ("email",), 1, {"email": 2}, {"email": 1})),
            "delivery",
            "mend",
        ),
        (replace(READY, unready=("it recovers",)), "worker", "mend"),
        (replace(READY, busy=0.9), "worker", "mend"),
        (replace(READY, rate=None), "rate", "unknown"),
        (replace(READY, rate=11_000.0), "workers", "mend"),
        (replace(READY, kafka=Kafka(trouble="away")), "workers", "unknown"),
        (replace(READY, kafka=Kafka(2, {"shop.click": 1})), "partitions", "mend"),
    ],
)
def test_each_thing_that_is_wrong_is_named_with_what_to_mend(found: Found, check: str, verdict: str) -> None:
    lines = {line.check: line for line in preflight(found)}
    assert lines[check].verdict == verdict
    assert lines[check].mend
    assert worst(lines.values()) == verdict
    assert {line.check: line.verdict for line in preflight(found, "ru")} == {
        line.check: line.verdict for line in lines.values()
    }


def said_of_tests(found: Found) -> tuple[str, str, str]:
    """What is said of the test events: verdict, message, what to mend."""
    (line,) = (line for line in preflight(found) if line.check == "tests")
    return line.verdict, line.message, line.mend


def test_a_source_that_sends_unmarked_events_beside_its_tests_is_to_be_mended_before_the_launch() -> None:
    verdict, message, mend = said_of_tests(arrived(3, 2, 1_407, 1_400))
    assert verdict == "mend"
    assert "still sends unmarked events" in message
    assert "1,400" in message
    assert "counted in the KPIs" in message
    assert "test: true" in mend


def test_unmarked_events_of_earlier_days_hold_nothing_up_but_it_is_said_that_they_stay_counted() -> None:
    verdict, message, mend = said_of_tests(arrived(3, 2, 1_407, 0))
    assert (verdict, mend) == ("ok", "")
    assert "1,407" in message
    assert "stay counted" in message


def test_what_is_spent_before_the_launch_is_meant_to_be_counted() -> None:
    channels = {"email": {"spend": (0, 0, 5, 5)}}
    spends = replace(told(expects={"email": ["spend"]}), arrived={"channels": channels, "currencies": ["EUR"]})
    verdict, message, mend = said_of_tests(spends)
    assert (verdict, mend) == ("ok", "")
    assert "statements arrive: 5" in message


def test_once_the_launch_has_begun_unmarked_events_are_what_is_wanted() -> None:
    begun = replace(arrived(3, 2, 7, 7), told=told(starts_at="2026-11-01T00:00:00Z").told)
    assert said_of_tests(begun) == ("ok", "the launch has begun, and its events arrive", "")


def test_what_the_catalogue_does_not_say_is_named_with_the_kpis_that_have_no_value_without_it() -> None:
    found = told(gross_margin=None, customers_at_start=None)
    (line,) = (line for line in preflight(found) if line.check == "facts")
    margin, customers = line.message.split("; ")
    assert "gross_margin\u00a0– Lifetime value, " in margin
    assert "Marketing return on investment" in margin
    assert customers.startswith("customers_at_start\u00a0– Active customers, Lifetime value, ")
    assert "gross_margin, customers_at_start" in line.mend
    assert "customers_at_start\u00a0– Активные клиенты, Пожизненная ценность, " in in_russian(found)["facts"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_wherever_a_time_of_day_is_shown_its_zone_is_named(language: Language) -> None:
    over = told(starts_at="2026-01-01T09:00:00+03:00", ends_at="2026-02-01T09:00:00+03:00")
    messages = [line.message for found in (READY, over) for line in preflight(found, language)]
    times = [found[0] for one in messages for found in re.finditer(r"\d\d:\d\d\S*( UTC)?", one)]
    assert times == ["00:00 UTC", "00:00 UTC", "06:00 UTC"]


def test_a_budget_and_dates_that_are_not_said_have_lines_of_their_own() -> None:
    lines = {line.check: line for line in preflight(told(budget=None, ends_at=None))}
    assert lines["facts"].verdict == "ok"
    assert (lines["budget"].verdict, lines["dates"].verdict) == ("mend", "mend")


def test_a_target_that_cannot_be_judged_names_what_the_catalogue_does_not_say() -> None:
    targets = [
        {"kpi": "orders", "window": "launch", "min": 5},
        {"kpi": "pace", "window": "launch", "max": 1},
        {"kpi": "mroi", "window": "today", "min": 1},
        {"kpi": "mroi", "window": "launch", "min": 1},
    ]
    found = told(targets=targets, budget=None, baseline_revenue_per_day=None)
    (line,) = (line for line in preflight(found) if line.check == "targets")
    assert line.message == (
        "of 4 targets 3 cannot be judged for want of facts in the catalogue: Pace of spending, Marketing return on "
        "investment"
    )
    assert "budget, baseline_revenue_per_day" in line.mend
    assert "из 4 целей нельзя оценить 3" in in_russian(found)["targets"]


def test_a_target_of_a_kpi_that_this_release_does_not_know_holds_nothing_up() -> None:
    lines = {line.check: line for line in preflight(told(targets=[{"kpi": "later", "window": "launch", "min": 1}]))}
    assert (lines["targets"].verdict, lines["targets"].message) == ("ok", "1 target")


@pytest.mark.parametrize(
    ("zone", "starts_at", "verdict"),
    [
        ("Europe/Berlin", "2026-12-31T23:30:00Z", "ok"),
        ("UTC", "2026-12-31T23:30:00Z", "mend"),
        ("America/New_York", "2027-01-01T03:00:00+01:00", "mend"),
        ("Europe/Berlin", "2026-12-31T18:30:00-05:00", "ok"),
    ],
)
def test_the_day_of_a_rate_is_that_of_the_reporting_time_zone(zone: str, starts_at: str, verdict: str) -> None:
    found = told(starts_at=starts_at, fx=[{"currency": "GBP", "day": "2027-01-01", "rate": 1.2}])
    lines = {line.check: line for line in preflight(replace(found, zone=ZoneInfo(zone)))}
    assert lines["rates"].verdict == verdict


def in_russian(found: Found) -> dict[str, str]:
    """Check -> title and message in Russian."""
    return {line.check: f"{line.title}: {line.message}" for line in preflight(found, "ru")}


def test_russian_writes_money_and_numbers_with_spaces_that_do_not_break() -> None:
    lines = in_russian(told(budget="19960"))
    assert lines["budget"] == "Бюджет: 19\u00a0960\u00a0EUR"
    assert "8\u00a0000 событий в секунду" in lines["rate"]
    assert in_russian(told(budget="19960.50"))["budget"].endswith("19\u00a0960,50\u00a0EUR")
    assert "19,960 EUR" in {line.message for line in preflight(told(budget="19960"))}


@pytest.mark.parametrize(
    ("rate", "english", "russian"),
    [
        (4_000.0, "enough for 1 worker", "хватит на 1 воркер"),
        (8_000.0, "enough for 2 workers", "хватит на 2 воркера"),
        (24_000.0, "enough for 5 workers", "хватит на 5 воркеров"),
        (55_000.0, "enough for 11 workers", "хватит на 11 воркеров"),
        (105_000.0, "enough for 21 workers", "хватит на 21 воркер"),
    ],
)
def test_a_number_has_the_form_of_its_noun_in_both_languages(rate: float, english: str, russian: str) -> None:
    found = replace(READY, rate=rate, kafka=Kafka(30, {"shop.click": 30}))
    assert {line.check: line.message for line in preflight(found)}["partitions"].endswith(english)
    assert in_russian(found)["partitions"].endswith(russian)


def test_what_is_to_be_typed_has_no_spaces_in_its_numbers() -> None:
    found = replace(READY, rate=8_000_000.0, kafka=Kafka(2_000, {"shop.click": 4}))
    for language in LANGUAGES:
        (line,) = (line for line in preflight(found, language) if line.check == "partitions")
        assert line.mend == "launchpulse topics grow shop.click 1600"


def test_a_channel_is_called_as_on_the_russian_board_and_typed_as_its_source_must_send_it() -> None:
    (line,) = (line for line in preflight(told(expects={"paid_search": ["click"]}), "ru") if line.check == "tests")
    assert line.title == "Тестовые события: Реклама в поиске, click"
    assert "channel paid_search" in line.mend


def test_the_board_has_a_russian_name_for_every_channel() -> None:
    assert set(russian_channels()) == {*CHANNEL_CODES, ALL_CHANNELS_NAME}


def test_one_thing_has_one_name_in_russian() -> None:
    page = (PREFLIGHT_FOLDER / "preflight.js").read_text("utf-8")
    texts = [page, *(russian for _, russian in (*TITLES.values(), *WORDS.values()))]
    assert [text for text in texts if re.search("обработчик|доск[аеиу]", text, re.IGNORECASE)] == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("ok      Budget", "to mend Dates", "unknown Rate")),
        ("ru", ("готово     Budget", "исправить  Dates", "неизвестно Rate")),
    ],
)
def test_the_command_says_each_verdict_in_the_language_of_its_texts(
    language: str, said: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    verdicts = {"Budget": "ok", "Dates": "mend", "Rate": "unknown"}
    print_lines(
        {"lines": [{"verdict": one, "title": title, "message": "m", "mend": ""} for title, one in verdicts.items()]},
        language,
    )
    assert capsys.readouterr().out.splitlines() == [f"{one}: m" for one in said]


def test_both_languages_fill_in_the_same_things() -> None:
    for english, russian in (*TITLES.values(), *WORDS.values()):
        assert set(re.findall(r"\{(\w+)", english)) == set(re.findall(r"\{(\w+)", russian))


async def test_an_alertmanager_that_is_away_is_told_and_not_raised() -> None:
    assert (await ask_alertmanager("http://127.0.0.1:1")).trouble


def test_what_has_come_of_a_channel_is_told_by_topic_with_its_tests_apart() -> None:
    counted = {Measure.TESTS_CLICK: 3, Measure.MACHINE_OPENS: 2, money_key(Measure.REVENUE, "EUR"): 5}
    email = CHANNEL_CODES["email"]
    day = {Measure.TESTS_CLICK: 1, Measure.MACHINE_OPENS: 1}
    said = orjson.loads(live.arrived(Arrived(1, {email: counted}, {email: day})))
    assert said == {
        "channels": {"email": {"click": [3, 1, 0, 0], "open": [0, 0, 2, 1]}},
        "currencies": ["EUR"],
    }


def test_a_worker_of_a_release_that_counts_otherwise_is_not_asked_what_has_come() -> None:
    question = arrived_of("aurora")
    assert unpacked(question.packed()) == question == Question(ARRIVED, "", "aurora")
    # Asked by a worker whose answer had three numbers: it would take four for something else.
    assert unpacked("arrived||aurora") is None
