"""The end of a demo: the ledger beside what the simulator sent, and whether they agree. Pure."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from agents.demo.account import Account, Outcome
from agents.demo.verdict import FIGURES, Verdict

MAX_NAMED = 20


def sent_table(account: Account) -> Table:
    """What was sent, by topic, and what must become of it."""
    table = Table("topic", title="What was sent", title_justify="left", border_style="dim", header_style="bold")
    for figure in FIGURES:
        table.add_column(figure, justify="right")
    for name, topic in sorted(account.topics.items()):
        table.add_row(name, f"{topic.sent:,}", *(f"{topic.outcomes[one]:,}" for one in Outcome))
    return table


def render_verdict(verdict: Verdict) -> RenderableType:
    """The table of both sides, then one sentence; every figure that differs is named."""
    table = Table(title="Sent by the simulator = in the ledger of the service", title_justify="left")
    table.box, table.border_style = box.SIMPLE_HEAD, "dim"
    table.add_column("topic", style="bold")
    for figure in FIGURES:
        table.add_column(figure if figure != "sent" else "sent = read", justify="right", no_wrap=True)
    topics = list(dict.fromkeys(line.topic for line in verdict.lines))
    for topic in topics:
        cells = [_cell(line.sent, line.ledger) for line in verdict.lines if line.topic == topic]
        if topic == "all":
            table.add_section()
        table.add_row(topic, *cells)
    return Group(table, *_sentences(verdict))


def _cell(sent: int, ledger: int) -> Text:
    if sent == ledger:
        return Text.assemble(f"{sent:,} ", ("=", "bold green"), f" {ledger:,}")
    return Text(f"{sent:,} ≠ {ledger:,}", "bold red")


def _sentences(verdict: Verdict) -> list[Text]:
    beside = (
        f"{verdict.more} more figures: why records were invalid,\n"
        "late, machine and test events, and every total of each campaign,\n"
        "what was spent among them, money to the millionth."
    )
    if verdict.agrees:
        return [Text.assemble(("All agree exactly.", "bold green"), f" So do {beside}")]
    sentences = [Text.assemble(("They do not agree", "bold red"), f". Compared were also {beside}")]
    sentences += [Text(f"  {line}", "red") for line in verdict.wrong[:MAX_NAMED]]
    if len(verdict.wrong) > MAX_NAMED:
        sentences.append(Text(f"  and {len(verdict.wrong) - MAX_NAMED} more", "red"))
    if any(line.figure == "sent" and line.ledger > line.sent for line in verdict.lines):
        sentences.append(Text("More was read than was sent from here: did something else send to these topics?"))
    return sentences
