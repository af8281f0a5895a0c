"""Late, future and too old: always the event's time against its Kafka timestamp."""

from datetime import UTC, datetime, timedelta

import pytest

from streams.events.catalogue import TOPICS
from streams.events.decode import FUTURE_MS, LATE_MS, MAX_CLOCK_AHEAD_MS, Accepted, epoch_ms
from streams.events.errors import Invalid, Reason
from streams.events.topic import HOUR_MS
from tests.unit.event_records import NOW_MS, accepted, invalid, outcome, record

MINUTE_MS = 60_000


def test_time_in_every_form_is_the_same_instant():
    for form in (NOW_MS, "2026-11-24T09:01:00Z", "2026-11-24T09:01:00.000+00:00", "2026-11-24T14:46:00+05:45"):
        result = accepted("click", time=form)
        assert result.time_ms == NOW_MS
        assert result.hour == NOW_MS // HOUR_MS


def test_fraction_of_a_millisecond_is_rounded_down():
    assert accepted("click", time="2026-11-24T09:00:59.999999Z").time_ms == NOW_MS - 1
    assert epoch_ms(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1


def test_event_is_late_only_beyond_fifteen_minutes():
    assert not accepted("click", time=NOW_MS - LATE_MS).late
    assert accepted("click", time=NOW_MS - LATE_MS - 1).late
    assert not accepted("click", time=NOW_MS + FUTURE_MS).late


MANY = {"click", "open", "visit", "mention", "delivery", "impression"}
WITH_HORIZON = [topic for topic in TOPICS if topic.name != "spend"]


@pytest.mark.parametrize("topic", WITH_HORIZON, ids=lambda topic: topic.name)
def test_event_is_too_old_only_beyond_its_topic_s_horizon(topic):
    assert topic.horizon_ms == (30 * HOUR_MS if topic.name in MANY else 40 * 24 * HOUR_MS)
    assert accepted(topic.name, time=NOW_MS - topic.horizon_ms).late
    assert invalid(topic.name, time=NOW_MS - topic.horizon_ms - 1).reason is Reason.TOO_OLD


def test_time_in_seconds_is_told_as_such():
    assert "seconds" in invalid("click", time=NOW_MS // 1000).detail
    assert "seconds" not in invalid("click", time=NOW_MS - 31 * HOUR_MS).detail


def test_event_up_to_five_minutes_ahead_is_taken_as_it_is():
    assert accepted("click", time=NOW_MS + FUTURE_MS, sent_at=NOW_MS + FUTURE_MS).time_ms == NOW_MS + FUTURE_MS


def test_event_further_ahead_is_refused_without_sent_at():
    assert invalid("click", time=NOW_MS + FUTURE_MS + 1).reason is Reason.FUTURE


def test_sender_whose_clock_is_ahead_is_set_back_by_that_distance():
    ahead = 3 * HOUR_MS
    result = accepted("click", time=NOW_MS + ahead - 2000, sent_at=NOW_MS + ahead)
    assert result.time_ms == NOW_MS - 2000
    assert not result.late


def test_identity_keeps_the_hour_as_sent():
    ahead = 3 * HOUR_MS
    result = accepted("click", time=NOW_MS + ahead, sent_at=NOW_MS + ahead)
    assert result.hour == (NOW_MS + ahead) // HOUR_MS
    assert result.time_ms // HOUR_MS == result.hour - 3


def test_sent_at_may_be_rfc_3339():
    assert accepted("click", time="2026-11-24T10:01:00Z", sent_at="2026-11-24T12:01:00+02:00").time_ms == NOW_MS


def test_sent_at_that_does_not_explain_the_time_helps_nothing():
    time = NOW_MS + HOUR_MS
    assert invalid("click", time=time, sent_at=NOW_MS).reason is Reason.FUTURE
    assert invalid("click", time=time, sent_at=NOW_MS - HOUR_MS).reason is Reason.FUTURE
    assert invalid("click", time=time, sent_at=NOW_MS + HOUR_MS - FUTURE_MS - 1).reason is Reason.FUTURE
    assert accepted("click", time=time, sent_at=NOW_MS + HOUR_MS - FUTURE_MS).time_ms == NOW_MS + FUTURE_MS


def test_clock_more_than_a_day_ahead_is_not_believed():
    day = MAX_CLOCK_AHEAD_MS
    assert accepted("click", time=NOW_MS + day, sent_at=NOW_MS + day).time_ms == NOW_MS
    assert invalid("click", time=NOW_MS + day + 1, sent_at=NOW_MS + day + 1).reason is Reason.FUTURE


def test_sent_at_moves_no_event_that_is_not_in_the_future():
    result = accepted("click", time=NOW_MS - HOUR_MS, sent_at=NOW_MS + 2 * HOUR_MS)
    assert result.time_ms == NOW_MS - HOUR_MS
    assert result.late


def test_outcome_depends_on_the_kafka_timestamp_alone():
    value = record("click", time=NOW_MS)
    assert isinstance(outcome("click", value, NOW_MS + 29 * HOUR_MS), Accepted)
    assert isinstance(outcome("click", value, NOW_MS + 31 * HOUR_MS), Invalid)
    assert isinstance(outcome("click", value, NOW_MS - 6 * MINUTE_MS), Invalid)


def test_epoch_ms_is_exact_over_all_years():
    for year in (1, 1969, 1970, 2026, 9999):
        moment = datetime(year, 1, 1, tzinfo=UTC) + timedelta(milliseconds=123)
        assert (moment - datetime(1970, 1, 1, tzinfo=UTC)) == timedelta(milliseconds=epoch_ms(moment))
