"""What the demo adds up of its workers: each partition once, however many of them say that they own it."""

from agents.demo.reader import Reading, add_metrics

NEW_OWNER = """# TYPE launchpulse_events_total counter
launchpulse_events_total{topic="click",partition="0",result="counted"} 900
launchpulse_events_total{topic="click",partition="0",result="duplicate"} 12
launchpulse_events_read_total{topic="click",partition="0"} 912
launchpulse_consumer_lag_records{topic="click",partition="0"} 3
"""
OF_BOTH = """launchpulse_events_total{topic="click",partition="1",result="counted"} 50
launchpulse_events_read_total{topic="click",partition="1"} 50
"""
FROZEN = NEW_OWNER.replace("900", "700").replace("912", "712").replace(" 3\n", " 1\n")


def test_a_worker_that_was_frozen_adds_nothing_to_what_the_new_owner_says() -> None:
    for texts in ([NEW_OWNER, FROZEN + OF_BOTH], [FROZEN + OF_BOTH, NEW_OWNER]):
        reading = Reading()
        add_metrics(reading, texts)
        assert (reading.read, reading.result("counted"), reading.result("duplicate")) == (962, 950, 12)
        assert reading.lag_records == 3
