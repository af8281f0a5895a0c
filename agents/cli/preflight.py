"""`launchpulse preflight`: whether everything is ready for a launch, and what to mend."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from agents.cli.common import Exit, Refused, Unreachable, err, out, print_json, run_async, settings_of_command
from agents.languages import LANGUAGES
from agents.operations.preflight_words import VERDICTS
from agents.settings import Settings

TIMEOUT_SECONDS = 20.0

_COLOURS = {"ok": "green", "mend": "red", "unknown": "yellow"}
_SENT = (
    "Test alerts are on their way to {whom}. Has everybody seen one?",
    "Проверочные оповещения отправлены: {whom}. Все их увидели?",
)
_DEFAULT = ("the default receiver", "получатель по умолчанию")


def preflight(
    campaign: Annotated[str, typer.Argument(help="The campaign's id.")],
    rate: Annotated[
        float | None,
        typer.Option(min=0, help="Events a second, of all campaigns together, that are expected at the peak."),
    ] = None,
    url: Annotated[str | None, typer.Option("--url", help="Address of any worker; else that of the settings.")] = None,
    language: Annotated[str, typer.Option(help="Of the texts: en or ru.")] = "en",
    notify: Annotated[
        bool, typer.Option("--notify", help="Send a test alert to everybody whom alerts of the campaign go to.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Check before a launch that catalogue, sources, alerts and workers are ready for it.

    With --notify the owners and the default receiver are sent an alert of the severity test, which is over within a
    minute. It goes to the Alertmanager of LAUNCHPULSE_ALERTMANAGER_URL.

    Exit code 0: all is; 1: something is to be mended; 3: something could not be looked at, or no worker answers.
    """
    settings = settings_of_command()
    if notify and settings.alertmanager_url is None:
        raise Refused("--notify needs LAUNCHPULSE_ALERTMANAGER_URL: no Alertmanager is set")
    found = run_async(_ask(settings, campaign, rate, url, language))
    if as_json:
        print_json(found)
    else:
        print_lines(found, language)
    if notify and settings.alertmanager_url is not None:
        run_async(_notify(settings.alertmanager_url, campaign, found.get("contacts", []), language))
    raise typer.Exit({"ok": Exit.OK, "mend": Exit.REFUSED}.get(found["verdict"], Exit.UNREACHABLE))


async def _ask(settings: Settings, campaign: str, rate: float | None, url: str | None, language: str) -> dict[str, Any]:
    from urllib.parse import quote

    import aiohttp
    from yarl import URL

    from agents.cli.status import authorization, own_url

    base = (url or own_url(settings)).rstrip("/")
    query = {"language": language} | ({} if rate is None else {"rate": f"{rate:g}"})
    path = URL(f"{base}/api/campaigns/{quote(campaign, safe='')}/preflight", encoded=True).with_query(query)
    try:
        async with (
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS), headers=authorization(settings)
            ) as session,
            session.get(path) as answer,
        ):
            said: dict[str, Any] = await answer.json()
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        why = str(error) or type(error).__name__
        raise Unreachable(f"no worker answers at {base} ({why}): start one, or name another with --url") from None
    if status != 200:
        raise Refused(f"{base}: {said.get('detail', status)}")
    return said


async def _notify(url: str, campaign: str, contacts: list[str], language: str) -> None:
    from agents.operations.preflight_notify import NotTaken, send_alerts, trial_alerts

    try:
        await send_alerts(url, trial_alerts(campaign, contacts, datetime.now(UTC)))
    except NotTaken as error:
        raise Unreachable(str(error)) from None
    whom = ", ".join([_said(_DEFAULT, language), *contacts])
    err().print(_said(_SENT, language).format(whom=whom), markup=False)


def print_lines(found: dict[str, Any], language: str) -> None:
    """What a worker has found, for people: a line for each thing, and one below it where something is to be done."""
    from rich.markup import escape

    verdicts = {verdict: _said(words, language) for verdict, words in VERDICTS.items()}
    width = max(map(len, verdicts.values()))
    for line in found["lines"]:
        verdict = verdicts[line["verdict"]].ljust(width)
        sign = f"[{_COLOURS[line['verdict']]}]{verdict}[/]"
        out().print(f"{sign} {escape(line['title'])}: {escape(line['message'])}")
        if line["mend"]:
            out().print(f"{' ' * width} -> {escape(line['mend'])}")


def _said(words: tuple[str, str], language: str) -> str:
    # A worker has refused any other language by then.
    return words[LANGUAGES.index(language)]
