"""docs/kpis.md, rendered from the registry: `python -m streams.kpis.reference` prints it."""

import sys
from collections.abc import Iterator

from streams.kpis.kpi import Kpi
from streams.kpis.registry import GROUPS, KPI_BY_NAME

_HEAD = """\
# The KPIs

<!-- Written by `python -m streams.kpis.reference`; do not edit. -->

Each KPI is defined once, in `streams/kpis/`; its value, its metric and this page follow from that entry. Sums come
first, one division last; where there is nothing to divide by there is no value and no series, never a 0, and the API
says why. Test events are in no KPI, machines in raw rates only. Every rate is exposed with what it is divided by, a KPI
of its own.

A window ends at *now minus the lag of the topics that the formula reads*: while one of them is behind, the picture
stands still and says so. Metrics have the labels `campaign`, `channel` (`all`: all channels together) and `window`;
money has `currency` too. Windows that are not a metric are in the API, `/api/campaigns/{id}`. A count is shown from its
first event on, then as 0 while it is silent; so is money in the campaign's currency.

Money is shown in the currency that the catalogue gives the campaign, each day at the rate that held on it (`fx`);
without one, in the only currency in which the campaign has sold and spent since its launch. With several and no
catalogue, gross revenue, refunds, revenue and the stated margin are shown in each currency by itself, and the average
order value only in windows in which one was sold. All other money, and whatever is computed from it, has no value then,
in any window. While a rate is missing there is no value either; a rate that is added later repairs the past. Spend is
stated by day, so whatever has spend in it is over whole days of the reporting time zone, both sides alike: today, 30d,
month, launch.

"""

_GOOD = {"up": "more is better", "down": "less is better", "": "neither direction is better"}


def render() -> str:
    """The whole reference as Markdown."""
    return "".join(_parts())


def _parts() -> Iterator[str]:
    yield _HEAD
    for number, (title, kpis) in enumerate(GROUPS, 1):
        yield f"## {number}. {title}\n\n| KPI | formula | metric | unit | exported windows |\n|---|---|---|---|---|\n"
        for kpi in kpis:
            yield f"| {kpi.title} | {kpi.formula_text} | `{kpi.metric}` | {kpi.unit} | {', '.join(kpi.exported)} |\n"
        yield "\n"
        for kpi in kpis:
            yield _detail(kpi)


def _detail(kpi: Kpi) -> str:
    lines = [
        f"### {kpi.title}\n\n`{kpi.name}` — {kpi.explanation}\n\n",
        f"- Formula: {kpi.formula_text}\n",
        f"- Reads: {', '.join(f'`{topic}`' for topic in kpi.reads)}; {_GOOD[kpi.good]}\n",
        f"- Windows: {', '.join(kpi.windows)}\n",
    ]
    if kpi.denominator:
        divisor = KPI_BY_NAME[kpi.denominator]
        lines.append(f"- Divided by: {divisor.title.lower()}, `{divisor.metric}`\n")
    if kpi.min_volume:
        sample = KPI_BY_NAME[kpi.counted_by]
        lines.append(f"- Not judged below {kpi.min_volume:,} {sample.title.lower()}, `{sample.metric}`\n")
    lines.append(f"- Follows: {kpi.source}\n\n")
    return "".join(lines)


if __name__ == "__main__":
    sys.stdout.write(render().rstrip("\n") + "\n")
