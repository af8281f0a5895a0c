"""Source numbers: part of every stored value, so they must fit, differ and stay as they are."""

import pytest

from streams.counting.sources import MAX_PARTITIONS, MAX_TOPICS, Source, source_number, source_parts


@pytest.mark.parametrize("source", [Source(1, 0, 0), Source(63, 4095, 0), Source(5, 17, 3), Source(63, 4095, 200)])
def test_the_parts_of_a_source_come_back_from_its_number(source: Source) -> None:
    assert source_parts(source_number(*source)) == source


def test_the_numbers_of_the_format_stay_as_they_are() -> None:
    assert source_number(topic_code=5, partition=3, incarnation=2) == 2 << 18 | 3 << 6 | 5


def test_a_topic_made_anew_is_another_source() -> None:
    assert source_number(1, 7, incarnation=0) != source_number(1, 7, incarnation=1)


def test_no_two_sources_share_a_number() -> None:
    numbers = {source_number(code, partition) for code in range(1, MAX_TOPICS) for partition in range(300)}
    assert len(numbers) == (MAX_TOPICS - 1) * 300


@pytest.mark.parametrize("code", [0, -1, MAX_TOPICS])
def test_a_topic_code_outside_the_format_is_refused_by_name(code: int) -> None:
    with pytest.raises(ValueError, match=f"topic code must be 1 to 63, got {code}"):
        source_number(code, 0)


@pytest.mark.parametrize("partition", [-1, MAX_PARTITIONS])
def test_a_partition_outside_the_format_is_refused_by_name(partition: int) -> None:
    with pytest.raises(ValueError, match=f"partition must be 0 to 4095, got {partition}"):
        source_number(1, partition)
