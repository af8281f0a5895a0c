"""A campaign's own history: its steps add up to what was counted, and what comes late repairs a past step."""

from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.campaign.series import Series, Span, panes_of
from agents.web.history import WrongQuestion, as_csv, describe_history, span_of
from agents.web.questions import series_of, span_in, unpacked
from streams.counting.campaign_panes import CampaignPanes
from streams.events.measures import Measure
from tests.unit.owned_campaigns import EMAIL, NOW, PUSH, count, hear, owned, show

HOURS = Span("minute", None, None, 0)


async def series_now(partition: object) -> Series:
    found = await show(partition).series("aurora", HOURS)  # type: ignore[arg-type]
    assert found is not None
    return found


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 59), st.integers(1, 50), st.sampled_from((EMAIL, PUSH))), max_size=20))
async def test_the_minutes_of_an_hour_add_up_to_the_window_of_that_hour(events: list[tuple[int, int, int]]) -> None:
    partition = owned()
    clicks = {(minute, channel): number for minute, number, channel in events}
    for (minute, channel), number in clicks.items():
        count(partition, Measure.CLICKS, number, NOW - (minute + 1) * 60_000, channel=channel)
    hear(partition)
    found = await series_now(partition)
    whole = sum(sums.count(Measure.CLICKS) for sums in found.steps)
    assert whole == sum(clicks.values())
    picture = (await show(partition).take(NOW, "aurora")).campaigns
    window = 0 if not picture else picture["aurora"].channels[0].windows["1h"].count(Measure.CLICKS)
    assert whole == window


async def test_an_event_that_comes_late_repairs_the_minute_of_its_own_time() -> None:
    partition = owned()
    past = NOW - 30 * 60_000
    count(partition, Measure.CLICKS, 3, past)
    hear(partition)
    before = {sums.start_ms: sums.count(Measure.CLICKS) for sums in (await series_now(partition)).steps}
    count(partition, Measure.CLICKS, 4, past)
    after = {sums.start_ms: sums.count(Measure.CLICKS) for sums in (await series_now(partition)).steps}
    minute = past - past % 60_000
    assert (before[minute], after[minute]) == (3, 4)
    assert {**after, minute: 3} == before


def test_only_whole_steps_between_from_and_to_that_are_held_are_told() -> None:
    panes = CampaignPanes(ZoneInfo("UTC"))
    minute = NOW // 60_000
    asked = Span("minute", NOW - 600_001, NOW - 300_000, 0)
    assert panes_of(asked, panes, NOW) == range(minute - 10, minute - 5)
    assert panes_of(Span("minute", 0, None, 0), panes, NOW).start == minute - 120


@pytest.mark.parametrize(
    "asked",
    [
        Span("minute", NOW - 600_000, None, 0),
        Span("minute", 0, NOW - 300_000, 0),
        Span("minute", NOW + 60_000, None, 0),
        Span("minute", None, 5, 0),
    ],
    ids=["later", "earlier", "to come", "long gone"],
)
async def test_from_when_on_steps_are_held_does_not_depend_on_what_is_asked(asked: Span) -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 3, NOW - 120_000)
    hear(partition)
    found = await show(partition).series("aurora", asked)
    assert found is not None
    assert found.held_from_ms == (await series_now(partition)).held_from_ms == (NOW // 60_000 - 120) * 60_000


async def test_the_file_has_a_line_a_step_and_the_numbers_of_the_answer() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 3, NOW - 120_000)
    count(partition, Measure.CLICKS, 5, NOW - 60_000, channel=PUSH)
    hear(partition)
    answer = orjson.loads(orjson.dumps(describe_history(HOURS, await series_now(partition))))
    head, *lines = as_csv(answer).decode("utf-8-sig").splitlines()
    column = head.split(",").index("clicks")
    assert [int(line.split(",")[column]) for line in lines] == [one["totals"]["clicks"] for one in answer["steps"]]
    assert sum(one["totals"]["clicks"] for one in answer["steps"]) == 8


def test_a_span_is_read_as_it_was_packed() -> None:
    for span in (HOURS, Span("day", 5, None, 3), Span("hour", 5, 9, 0)):
        question = series_of("a|b", span)
        assert unpacked(question.packed()) == question
        assert span_in(question.window) == span
    assert unpacked("series|week,,,0|aurora") is None


@pytest.mark.parametrize("query", [{"step": "week"}, {"from": "soon"}, {"from": "9", "to": "9"}, {"channel": "pigeon"}])
def test_what_nothing_can_be_made_of_is_refused_by_name(query: dict[str, str]) -> None:
    with pytest.raises(WrongQuestion, match=next(reversed(query))):
        span_of(query)
