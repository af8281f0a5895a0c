"""`launchpulse campaigns`: puts a YAML catalogue in place, and shows what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agents.cli.common import Refused, out, print_json, run_async, settings_of_command

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
    """Make the catalogue what the file says. A catalogued campaign always has its place, whatever the limit."""
    from agents.operations.catalogue_changes import CatalogueFileError, changes, read_catalogue, read_file, send_changes
    from agents.operations.compacted import TopicMissing
    from streams.kpis.registry import KPIS

    settings = settings_of_command()
    try:
        wanted = read_file(file.read_text(encoding="utf-8"), [kpi.name for kpi in KPIS])
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
        for field, (before, after) in change.fields.items():
            if field != "id":
                out().print(f"    {field}: {_shown(before)} -> {_shown(after)}", markup=False)
    if dry_run:
        out().print("nothing was written (--dry-run)")


@app.command("show")
def show(
    campaign: Annotated[str | None, typer.Argument(help="One campaign only.")] = None, as_json: Json = False
) -> None:
    """Show the catalogue as the workers see it."""
    from agents.operations.catalogue_changes import plain, read_catalogue
    from agents.operations.compacted import TopicMissing

    settings = settings_of_command()
    try:
        catalogue = run_async(read_catalogue(settings))
    except TopicMissing as error:
        raise Refused(str(error)) from None
    if campaign is not None and campaign not in catalogue:
        raise Refused(f"there is no campaign {campaign!r} in the catalogue")
    wanted = [each for name, each in sorted(catalogue.items()) if campaign in (None, name)]
    if as_json:
        print_json([plain(each) for each in wanted])
        return
    for each in wanted:
        dates = " to ".join(str(date) for date in (each.starts_at, each.ends_at) if date is not None)
        parts = [each.id, each.name or "", each.owner_name or "", dates]
        out().print("  ".join(part for part in parts if part), markup=False)
    if not wanted:
        out().print("the catalogue is empty")


def _shown(value: object) -> str:
    return "(absent)" if value is None else str(value)
