"""Every number that an alert depends on. After a change run `make docs`, and `make test ARGS=tests/rules`.

Times are Prometheus durations. A guard on volume is a number of *expected* events: what should have come is asked, not
what came, so that a silence is no excuse and a small campaign never wakes anybody.
"""

BOARDS_URL = "http://127.0.0.1:3000"
"""Where Grafana is, for the links in alerts."""
RUNBOOKS_URL = "http://127.0.0.1:6066/runbooks"
"""Where the runbooks are, for the links in mails: every worker serves them, with or without a token."""

LOOKBACK = "15s"
"""How old the newest sample of a series may be: it bridges missed scrapes and a handover, and no dead worker."""
EVALUATION = "5s"
KEPT = "3m"
"""How much longer a KPI alert stays: a handover in the midst of a drop must not look like its end."""

# An engagement drop: engagements of the last 1 and 2 minutes, against what was expected. `make alert-quality` says what
# these cost and bring.
ENGAGEMENT_KEPT, ENGAGEMENT_KEPT_NOW = 0.75, 0.65
"""Below these shares of what was expected, in two minutes and in the last one. Two minutes alone tell a drop to a half
only when it is 80 s old; with 0.65 in both, one in thirty came later than after two minutes."""
ENGAGEMENT_EXPECTED = 40
"""Fewer say nothing that the next test would believe."""
ENGAGEMENT_Z = 4
"""Standard deviations of chance, of these minutes and of the past that they are compared with."""

# Against the target of the engagement rate, where a launch has no past to compare with.
TARGET_EXPECTED = 50
TARGET_Z = 3

# Sentiment turns: net sentiment of 5 minutes against the half hour that ended 10 minutes ago.
SENTIMENT_FALL_POINTS = 25
SENTIMENT_ERRORS = 3
"""The fall also exceeds so many standard errors (at most 100 points by the root of the number of mentions)."""
SENTIMENT_MENTIONS_RISE = 1.2
SENTIMENT_SCORED = 50

# Reach stalls: people reached in 5 minutes, now and 5 minutes ago, against the median of the hour that ended 10 ago.
REACH_KEPT = 0.3
REACH_EXPECTED = 100
REACH_NOT_JUDGED = ("email", "sms", "push")
"""Messages go out in batches: the end of a mailing is no stall."""

# Messages that hurt: events of the last hour by messages; (share that is harmless, fewest messages).
BOUNCES = (0.02, 500)
COMPLAINTS = (0.001, 1_000)
UNSUBSCRIBES = (0.005, 500)
MESSAGES_TIMES = 2
"""Above so many times the harmless share, and so many times the campaign's own share before."""
MESSAGES_Z = 4

# Conversion breaks: orders by clicks and visits in 15 minutes, against the hour before them.
CONVERSION_KEPT = 0.3
CONVERSION_EXPECTED = 20
CONVERSION_TRAFFIC_KEPT = 0.5
CONVERSION_Z = 4
CONVERSION_STANDS = "6h"
"""For so long at most the hour before stays what sales are compared with, while they are broken."""

# Spend ahead of plan.
SPEND_PACE = 1.2
SPEND_USED = 0.1
"""Not judged before this share of the budget is spent: the first day's pace says nothing."""

# A source is silent.
SILENT_EXPECTED = 30
"""Nothing came in 2 or 15 minutes, or in 2 or 6 hours, in which so many were expected: chance does that once in
10^13."""
SILENT_IN_BATCHES = ("spend", "survey", "customer", "tactic")
"""Statements of the business: they come in batches, once an hour or once a day, so minutes say nothing of them."""
SILENT_START = "30m"
"""Or nothing came at all, so long after the campaign began; of statements that is no news."""
SILENT_LONG = "36h"
"""Nothing for so long is a warning, whatever was expected: what is stated once a day is due by then."""
HUSHED_EXPECTED = 10
"""Nothing came in 30 s, or in a minute, in which so many were expected: that may be a source that has just died, and
a drop is not told before it is known. A drop that could be told has at least that many missing by then."""

# The pipeline.
LATE_SECONDS = 30
DRAIN_SECONDS = 900
STUCK_SECONDS = 30
BEHIND_SECONDS = 5
"""From here on a worker holds its picture back (`HELD_BACK_MS` there)."""
HELD_BACK_LONG = "10m"
"""A picture that is held back for so long is told though it is only behind, and not by LATE_SECONDS."""
DEAD_LETTERS = 50
DEAD_LETTERS_SHARE = 0.05
DEAD_LETTERS_TIMES = 3
SPOILED = 20
"""So many of a topic's records of two minutes are refused, and more than the share and the times above: then no alert
begins that stands on it."""
REDIS_MEMORY = 0.85
SERIES = 0.9
SETTLING = "2m"
"""For so long after a handover no KPI alert begins."""
