"""docs/kpis.md, rendered from the registry: `python -m streams.kpis.reference` prints it."""

import sys
from collections.abc import Iterator

from streams.kpis.kpi import Kind, Kpi
from streams.kpis.registry import GROUPS, KPI_BY_NAME

_HEAD = """\
# The KPIs

<!-- Written by `python -m streams.kpis.reference`; do not edit. -->

Each KPI is defined once, in `streams/kpis/`; its value, its metric and this page follow from that entry. Sums come
first, one division last; where there is nothing to divide by there is no value and no series, never a 0. Machines and
test events are in no rate. Every rate is exposed with its sample size, a KPI of its own.

A window ends at *now minus the lag of the topics that the formula reads*: while one of them is behind, the picture
stands still and says so. Metrics have the labels `campaign`, `channel` (`all`: all channels together) and `window`;
money has `currency` too. Windows that are not a metric are in the API, `/api/campaigns/{id}`. A count is shown from its
first event on, then as 0 while it is silent.

"""

_GOOD = {"up": "more is better", "down": "less is better", "": "neither direction is better"}


def render() -> str:
    """The whole reference as Markdown."""
    return "".join(_parts())


def _parts() -> Iterator[str]:
    yield _HEAD
    for title, kpis in GROUPS:
        yield f"## {title}\n\n| KPI | formula | metric | unit | exported windows |\n|---|---|---|---|---|\n"
        for kpi in kpis:
            yield f"| {kpi.title} | {kpi.formula_text} | `{kpi.metric}` | {kpi.unit} | {', '.join(kpi.exported)} |\n"
        yield "\n"
        for kpi in kpis:
            yield _detail(kpi)


def _detail(kpi: Kpi) -> str:
    lines = [
        f"### {kpi.title}\n\n`{kpi.name}` — {kpi.explanation}\n\n",
        f"- Formula: {kpi.formula_text}{_by_currency(kpi)}\n",
        f"- Reads: {', '.join(f'`{topic}`' for topic in kpi.reads)}; {_GOOD[kpi.good]}\n",
        f"- Windows: {', '.join(kpi.windows)}\n",
    ]
    if kpi.denominator:
        sample = KPI_BY_NAME[kpi.denominator]
        judged = f"; not judged below {kpi.min_volume}" if kpi.min_volume else ""
        lines.append(f"- Sample size: {sample.title.lower()}, `{sample.metric}`{judged}\n")
    lines.append(f"- Follows: {kpi.source}\n\n")
    return "".join(lines)


def _by_currency(kpi: Kpi) -> str:
    return ", by currency" if kpi.kind is Kind.MONEY else ""


if __name__ == "__main__":
    sys.stdout.write(render().rstrip("\n") + "\n")
