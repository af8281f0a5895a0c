"""`launchpulse campaigns`: puts a YAML catalogue in place, and shows what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.common import Refused, count, out, print_json, run_async, settings_of_command
from agents.settings_errors import one_line

if TYPE_CHECKING:
    from agents.operations.catalogue_changes import Change
    from streams.events.campaigns import Campaign

app = typer.Typer(no_args_is_help=True, help="Apply and show the campaign catalogue.")

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
_SIGNS = {"new": "+", "changed": "~", "unchanged": "=", "removed": "-"}


@app.command("apply")
def apply(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A YAML or JSON file.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Remove campaigns that the file does not name.")] = False,
    as_json: Json = False,
) -> None:
    """Make the catalogue what the file says, and show what that changes. Applying a file again changes nothing.

    Everything is checked first: one mistake, and nothing is written. Campaigns that the file does not name stay. A
    catalogued campaign always has its place, whatever the limit.
    """
    from agents.operations.catalogue_changes import changes, read_catalogue, send_changes
    from agents.operations.catalogue_file import CatalogueFileError, read_file
    from agents.operations.compacted import TopicMissing
    from streams.kpis.registry import KPIS

    settings = settings_of_command()
    try:
        wanted = read_file(file.read_text(encoding="utf-8"), {kpi.name: kpi.windows for kpi in KPIS})
    except (CatalogueFileError, UnicodeDecodeError) as error:
        raise Refused(f"{file}: {error}") from None
    try:
        found = changes(run_async(read_catalogue(settings)), wanted, prune)
    except TopicMissing as error:
        raise Refused(str(error)) from None
    if not dry_run:
        run_async(send_changes(settings, found, wanted))
    if as_json:
        listed = [{"campaign": each.campaign, "change": each.kind, "fields": dict(each.fields)} for each in found]
        print_json({"applied": not dry_run, "changes": listed})
        return
    for change in found:
        out().print(f"{_SIGNS[change.kind]} {change.campaign}: {change.kind}", markup=False)
        for line in _differences(change):
            out().print(f"    {line}", markup=False)
    kinds = Counter(change.kind for change in found)
    told = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    out().print(f"{count(len(found), 'campaign')}: {told}" if found else "the file names no campaign")
    if dry_run:
        out().print("nothing was written (--dry-run)")


@app.command("show")
def show(
    campaign: Annotated[str | None, typer.Argument(help="One campaign only.")] = None, as_json: Json = False
) -> None:
    """Show the catalogue as the workers see it: a line each, or the whole entry of one as YAML that can be applied."""
    from agents.operations.catalogue_changes import plain, read_catalogue
    from agents.operations.compacted import TopicMissing

    settings = settings_of_command()
    try:
        catalogue = run_async(read_catalogue(settings))
    except TopicMissing as error:
        raise Refused(str(error)) from None
    if campaign is not None and campaign not in catalogue:
        names = ", ".join(sorted(catalogue)) or "none"
        raise Refused(f"there is no campaign {campaign!r} in the catalogue; it has {one_line(names, 500)}")
    wanted = [each for name, each in sorted(catalogue.items()) if campaign in (None, name)]
    if as_json:
        print_json([plain(each) for each in wanted])
    elif campaign is not None:
        import yaml

        entries = [plain(each) for each in wanted]
        out().print(yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=110).rstrip(), markup=False)
    else:
        for each in wanted:
            out().print(_line(each), markup=False)
        if not wanted:
            out().print("the catalogue is empty: `launchpulse campaigns apply FILE` fills it")


def _differences(change: Change) -> Iterator[str]:
    """What differs, a line for each single value."""
    from agents.operations.catalogue_changes import leaves

    for field, (before, after) in change.fields.items():
        if field == "id":
            continue
        was, now = leaves(before, field), leaves(after, field)
        for path in dict.fromkeys((*was, *now)):
            if path not in was:
                yield f"+ {path}: {now[path]}"
            elif path not in now:
                yield f"- {path}: {was[path]}"
            elif was[path] != now[path]:
                yield f"~ {path}: {was[path]} -> {now[path]}"


def _line(campaign: Campaign) -> str:
    dates = " to ".join(date.isoformat() for date in (campaign.starts_at, campaign.ends_at) if date is not None)
    targets = count(len(campaign.targets), "target") if campaign.targets else ""
    return "  ".join(part for part in (campaign.id, campaign.name, campaign.owner_name, dates, targets) if part)
