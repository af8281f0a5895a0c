"""The campaign catalogue: what a campaign is called, whose it is, when it runs, what is planned for it.

Nothing here changes what is counted; it is read only when KPIs are shown. One record a campaign, in a compacted topic.
"""

import difflib
import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

from streams.events.channels import CHANNEL_CODES
from streams.events.errors import CatalogueError
from streams.events.labels import label_problem
from streams.events.measures import is_currency
from streams.events.topic import TOPIC_CODES, Field

Kpis = Mapping[str, Collection[str]]
"""KPI -> the windows in which it makes sense."""

Window = Literal["1m", "5m", "1h", "24h", "today", "7d", "30d", "month", "launch"]
Instant = Annotated[datetime, Meta(tz=True)]
Money = Annotated[Decimal, Meta(description="an amount in the campaign's currency")]
Name = Annotated[str, Meta(min_length=1, max_length=256)]


class Owner(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who is told, and how to reach them."""

    name: Name
    contact: Name | None = None


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of `currency` is worth `rate` of the campaign's currency, from `day` on; closed periods stay."""

    currency: str
    day: date
    rate: Decimal


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a KPI should reach (`min`) or stay under (`max`) in a window; in all channels unless one is named."""

    kpi: Name
    window: Window
    channel: str | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    min_volume: Annotated[int, Meta(ge=0)] | None = None
    source: Literal["own", "industry"] = "own"


class Campaign(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One campaign of the catalogue. Only its id is required: the value of `campaign` in its events."""

    id: str
    name: Name | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    owner: Name | Owner | None = None
    channel_owners: dict[str, Owner] = {}
    owners: dict[str, Owner] = {}
    expects: dict[str, list[str]] = {}
    budget: Money | None = None
    currency: str | None = None
    fx: list[Rate] = []
    gross_margin: Annotated[float, Meta(ge=0, le=1)] | None = None
    baseline_revenue_per_day: Money | None = None
    customers_at_start: Annotated[int, Meta(ge=0)] | None = None
    targets: list[Target] = []

    @property
    def owner_name(self) -> str | None:
        """The owner's name, however it was given."""
        return self.owner.name if isinstance(self.owner, Owner) else self.owner

    def responsible(self, kpi: str, channel: str | None) -> Owner | None:
        """Who answers for a KPI in a channel (None: in all together): its own owner, else the channel's, else the
        campaign's."""
        if kpi in self.owners:
            return self.owners[kpi]
        if channel in self.channel_owners:
            return self.channel_owners[channel]
        return Owner(name=self.owner) if isinstance(self.owner, str) else self.owner


FIELDS: Final = (
    Field("id", "string, 1 to 128 characters", "the value of `campaign` in the events", required=True),
    Field("name", "string", "shown beside the id"),
    Field("starts_at", "RFC 3339 with an offset", "when the launch begins"),
    Field("ends_at", "RFC 3339 with an offset", "when it ends"),
    Field("owner", "string, or {`name`, `contact`}", "whose campaign it is"),
    Field("channel_owners", "mapping of channel to {`name`, `contact`}", "who answers for a channel"),
    Field("owners", "mapping of KPI to {`name`, `contact`}", "who answers for a KPI"),
    Field("expects", "mapping of channel to a list of topics", "what must arrive"),
    Field("budget", "decimal, 0 or more", "in `currency`"),
    Field("currency", "three capital letters", "the currency in which money KPIs are shown"),
    Field("fx", "list of {`currency`, `day`, `rate`}", "what one unit is worth in `currency`, from that day on"),
    Field("gross_margin", "number, 0 to 1", "the share of revenue that is left after the cost of what is sold"),
    Field("baseline_revenue_per_day", "decimal, 0 or more", "what would be sold without the campaign"),
    Field("customers_at_start", "integer, 0 or more", "how many customers there were before"),
    Field(
        "targets",
        "list of {`kpi`, `window`, `channel`, `min` or `max`, `min_volume`, `source`}",
        "what a KPI should reach or stay under; `source` is `own` or `industry`",
    ),
)

_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


def parse_campaign(entry: object, kpis: Kpis | None = None) -> Campaign:
    """A campaign from a mapping as YAML or JSON gives it; `kpis` are the known KPIs, None to accept any name.

    Raises CatalogueError, whose `path` names the field, for wrong types and values and for fields that do not exist.
    """
    if not isinstance(entry, Mapping):
        raise CatalogueError("", "a campaign must be a mapping of fields")
    _refuse_unknown(entry, Campaign, "")
    try:
        campaign = msgspec.convert(entry, Campaign)
    except msgspec.ValidationError as error:
        raise _catalogue_error(error) from None
    _check(campaign, kpis)
    return campaign


def encode_campaign(campaign: Campaign) -> bytes:
    """The record's value in the catalogue topic, whose key is the campaign's id."""
    return _ENCODER.encode(campaign)


def decode_campaign(value: bytes) -> Campaign:
    """A campaign from the catalogue topic; fields of a newer version are ignored. Raises CatalogueError."""
    try:
        campaign = msgspec.json.decode(value, type=Campaign)
    except msgspec.ValidationError as error:
        raise _catalogue_error(error) from None
    except (ValueError, RecursionError):
        raise CatalogueError("", "the value is not JSON") from None
    _check(campaign, None)
    return campaign


def _check(campaign: Campaign, kpis: Kpis | None) -> None:
    problem = label_problem(campaign.id)
    if problem is not None:
        raise CatalogueError("id", problem)
    if campaign.starts_at and campaign.ends_at and campaign.ends_at <= campaign.starts_at:
        raise CatalogueError("ends_at", "must be later than starts_at")
    if campaign.currency is not None:
        _currency(campaign.currency, "currency")
    elif campaign.budget is not None or campaign.baseline_revenue_per_day is not None or campaign.fx:
        raise CatalogueError("currency", "is needed by budget, baseline_revenue_per_day and fx")
    _amount(campaign.budget, "budget")
    _amount(campaign.baseline_revenue_per_day, "baseline_revenue_per_day")
    if campaign.gross_margin is not None and math.isnan(campaign.gross_margin):
        raise CatalogueError("gross_margin", "must be a number")
    for channel in campaign.channel_owners:
        _known(channel, CHANNEL_CODES, f"channel_owners.{channel}", "channel")
    for kpi in campaign.owners:
        _known(kpi, kpis, f"owners.{kpi}", "KPI")
    for channel, topics in campaign.expects.items():
        _known(channel, CHANNEL_CODES, f"expects.{channel}", "channel")
        for place, topic in enumerate(topics):
            _known(topic, TOPIC_CODES, f"expects.{channel}[{place}]", "topic")
    for place, rate in enumerate(campaign.fx):
        _currency(rate.currency, f"fx[{place}].currency")
        if not rate.rate.is_finite() or rate.rate <= 0:
            raise CatalogueError(f"fx[{place}].rate", "must be more than 0")
    for place, target in enumerate(campaign.targets):
        _check_target(target, f"targets[{place}]", kpis)
    if kpis is not None:
        _refuse_repeated(campaign.targets)
        _refuse_contradicting(campaign.fx, campaign.currency)


def _check_target(target: Target, path: str, kpis: Kpis | None) -> None:
    _known(target.kpi, kpis, f"{path}.kpi", "KPI")
    if kpis is not None and target.window not in kpis[target.kpi]:
        windows = ", ".join(kpis[target.kpi])
        raise CatalogueError(f"{path}.window", f"{target.kpi} has no window {target.window}; it has {windows}")
    if target.channel is not None:
        _known(target.channel, CHANNEL_CODES, f"{path}.channel", "channel")
    if (target.min is None) == (target.max is None):
        raise CatalogueError(path, "needs either min or max")
    for name, bound in (("min", target.min), ("max", target.max)):
        if bound is not None and not bound.is_finite():
            raise CatalogueError(f"{path}.{name}", "must be a number")


def _refuse_repeated(targets: Sequence[Target]) -> None:
    """Two targets of one KPI, channel, window, side and source cannot be told apart where they are shown."""
    places: dict[tuple[str, str, str | None, bool, str], int] = {}
    for place, target in enumerate(targets):
        same = target.kpi, target.window, target.channel, target.min is None, target.source
        if (first := places.setdefault(same, place)) != place:
            raise CatalogueError(f"targets[{place}]", f"repeats targets[{first}]")


def _refuse_contradicting(rates: Sequence[Rate], own: str | None) -> None:
    """A currency has one rate from a day on, and the campaign's own has none."""
    places: dict[tuple[str, date], int] = {}
    for place, rate in enumerate(rates):
        if rate.currency == own:
            raise CatalogueError(f"fx[{place}].currency", f"{own} is the campaign's own currency")
        if (first := places.setdefault((rate.currency, rate.day), place)) != place:
            raise CatalogueError(f"fx[{place}]", f"has the currency and day of fx[{first}]")


def _currency(text: str, path: str) -> None:
    if not is_currency(text):
        raise CatalogueError(path, f"must be three capital letters, got {text!r}")


def _amount(amount: Decimal | None, path: str) -> None:
    if amount is not None and not (amount.is_finite() and amount >= 0):
        raise CatalogueError(path, "must be 0 or more")


def _known(name: str, names: Collection[str] | None, path: str, kind: str) -> None:
    if names is not None and name not in names:
        raise CatalogueError(path, f"no such {kind} as {name}{_suggestion(name, names)}")


def _suggestion(name: str, names: Collection[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _catalogue_error(error: msgspec.ValidationError) -> CatalogueError:
    problem, _, path = str(error).partition(" - at `$")
    return CatalogueError(path.rstrip("`").removeprefix("."), problem.replace("`", ""))


def _refuse_unknown(entry: object, shape: Any, path: str) -> None:
    """Raise for a key that is no field of the struct in `shape`: a mistyped `ends_at` must not be ignored."""
    struct = next((kind for kind in (shape, *get_args(shape)) if _is_struct(kind)), None)
    if struct is None:
        return
    if isinstance(entry, list):
        for place, inner in enumerate(entry):
            _refuse_unknown(inner, struct, f"{path}[{place}]")
    elif isinstance(entry, Mapping) and get_origin(shape) is dict:
        for key, inner in entry.items():
            _refuse_unknown(inner, struct, f"{path}.{key}")
    elif isinstance(entry, Mapping):
        fields = {field.name: field.type for field in msgspec.structs.fields(struct)}
        for key, inner in entry.items():
            inner_path = f"{path}.{key}" if path else str(key)
            if key not in fields:
                raise CatalogueError(inner_path, f"no such field{_suggestion(str(key), fields)}")
            _refuse_unknown(inner, fields[key], inner_path)


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
