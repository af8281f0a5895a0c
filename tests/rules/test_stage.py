"""Scenes that are played together fail one by one, and a part of the rules is as they are committed."""

from __future__ import annotations

from pathlib import Path

import yaml

from grafana.rules import ALERTS, FOLDER
from tests.rules.needed import rules_for
from tests.rules.scenes import gauge, of, play, state
from tests.rules.stage import Stage, told_apart

AHEAD = "CampaignSpendAhead"


def test_of_scenes_that_are_played_together_only_those_fail_that_are_not_as_they_say(tmp_path: Path) -> None:
    figures = {"campaign_pace_ratio/launch": gauge((60, 1.5)), "campaign_budget_used_ratio/launch": gauge((60, 0.4))}
    series = of("aurora", "all", figures)
    plays = {
        "right": play(series, state(AHEAD, 10, "pending"), state(AHEAD, 20, "firing")),
        "wrong": play(series, state(AHEAD, 10, "pending"), state(AHEAD, 20, "")),
        "of another alert": play(series, state("PipelineLate", 1, "firing")),
    }
    stage = Stage(plays, tmp_path)
    assert stage.failure("right") == ""
    assert f'expr: "count by (alertstate) (ALERTS{{alertname=\\"{AHEAD}\\", campaign=' in stage.failure("wrong")
    assert "time: 20m" in stage.failure("wrong")
    assert "time: 10m" not in stage.failure("wrong")
    assert "PipelineLate" in stage.failure("of another alert")
    stage.close()


def test_what_promtool_says_of_no_scene_fails_them_all() -> None:
    names = {"one": "aurora0", "two": "aurora1"}
    head = "Unit Testing:  scene.yml\n\n  FAILED:\n"
    first, second = (f'    expr: "x{{campaign=\\"{name}\\"}}", time: 1m,\n        exp: nil' for name in names.values())
    assert told_apart(head + first, names) == {"one": first, "two": ""}
    assert told_apart(f"{head}{first}\n{second}", names) == {"one": first, "two": second}
    for output in (
        f"{head}{first}\n    alertname: Other, time: 1m,\n        exp:[]",
        'Unit Testing:  scene.yml\n  FAILED:\n needed.rules.yml: 7:11: group "campaigns", rule 2: could not parse',
        "",
    ):
        assert told_apart(output, names) == {"one": output, "two": output}


def test_the_rules_that_alerts_need_are_a_part_of_the_committed_ones_and_in_their_order() -> None:
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.iterdir())]
    committed = [rule for file in files for group in file["groups"] for rule in group["rules"]]
    for alert in ALERTS:
        part = [rule for group in yaml.safe_load(rules_for([alert.name]))["groups"] for rule in group["rules"]]
        assert part == [rule for rule in committed if rule in part]
        assert any(rule.get("alert") == alert.name for rule in part)
    drop = rules_for(["CampaignEngagementDrop"])
    assert "record: launchpulse:unsettled:latest" in drop
    assert "record: campaign_channel_topic:blind:expected" in drop
    assert "CampaignReachStalls" not in drop
