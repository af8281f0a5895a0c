"""/openapi.json: the OpenAPI 3.1 description, generated from the operations and the answers' types."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from agents.languages import LANGUAGES
from agents.web.answers import CampaignAnswer, CampaignList, HistoryAnswer, Live, PreflightAnswer, Problem, Ready
from agents.web.history import CSV_TYPE, FORMATS, STEPS
from agents.web.questions import WINDOW_NAMES
from streams.events.channels import ALL_CHANNELS_NAME, CHANNELS

PAGE_DEFAULT = 100
PAGE_MOST = 1000

_ERRORS = {
    400: "The question is wrong; `detail` says how",
    401: "A token is needed",
    403: "Without a token only names of this machine are served",
    404: "There is no such campaign, or, of a single campaign's KPIs, this worker does not own it",
    503: "No, or not now",
}
_ACTIVE = {"type": "string", "enum": ["true", "false"]}
_CHANNEL = {"type": "string", "enum": [ALL_CHANNELS_NAME, *CHANNELS]}
_WINDOWS = {"type": "array", "items": {"type": "string", "enum": list(WINDOW_NAMES)}}
_STEP = {"type": "string", "enum": list(STEPS), "default": "hour"}
_FORMAT = {"type": "string", "enum": list(FORMATS)}
_LANGUAGE = {"type": "string", "enum": list(LANGUAGES), "default": "en"}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": PAGE_MOST, "default": PAGE_DEFAULT}


@dataclass(frozen=True, slots=True)
class Operation:
    """A route. answer: the type of its JSON, None for another content type. errors: statuses beyond 200.

    query: name -> (schema, description). also: other content types in which the answer comes where they are asked for.
    """

    name: str
    path: str
    summary: str
    answer: type | None
    errors: tuple[int, ...] = ()
    query: dict[str, tuple[dict[str, Any], str]] = field(default_factory=dict)
    content_type: str = "application/json"
    open: bool = False
    also: tuple[str, ...] = ()


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "metrics",
        "/metrics",
        "Prometheus metrics of the campaigns that this worker owns, and of the worker",
        None,
        (401, 403),
        content_type="text/plain",
    ),
    Operation("healthz", "/healthz", "Whether the worker lives", Live, (503,), open=True),
    Operation("readyz", "/readyz", "Whether the worker is ready, and why not", Ready, (503,), open=True),
    Operation(
        "campaigns",
        "/api/campaigns",
        "The campaigns that this worker owns, by id, in pages",
        CampaignList,
        (400, 401, 403),
        {
            "active": (_ACTIVE, "Only campaigns that are active, or only those that are not"),
            "after": ({"type": "string"}, "Begin behind this id: `next` of the page before"),
            "limit": (_LIMIT, "Campaigns on a page"),
        },
    ),
    Operation(
        "campaign",
        "/api/campaigns/{id}",
        "One campaign: every KPI in every window, for all channels together and for each",
        CampaignAnswer,
        (400, 401, 403, 404),
        {
            "channel": (_CHANNEL, "Only this channel; `all` is all channels together"),
            "window": (_WINDOWS, "Only this window, or these: whoever asks often asks for what is needed"),
        },
    ),
    Operation(
        "history",
        "/api/campaigns/{id}/history",
        "The campaign's own history in steps, repaired by what came late; any worker answers for every campaign",
        HistoryAnswer,
        (400, 401, 403, 404, 503),
        {
            "step": (_STEP, "Minutes are held for 2 hours, hours for 32 days, days for 400 days"),
            "from": ({"type": "string"}, "Only steps that begin then or later: RFC 3339, or UTC epoch milliseconds"),
            "to": ({"type": "string"}, "Only steps that end by then"),
            "channel": (_CHANNEL, "Of this channel; `all`, the default, is all channels together"),
            "format": (_FORMAT, "Without it, what the header `Accept` prefers"),
        },
        also=(CSV_TYPE,),
    ),
    Operation(
        "preflight",
        "/api/campaigns/{id}/preflight",
        "Whether everything is ready for the launch, and what to mend; any worker answers for every campaign",
        PreflightAnswer,
        (400, 401, 403),
        {
            "rate": ({"type": "number", "minimum": 0}, "Events a second, of all campaigns, expected at the peak"),
            "language": (_LANGUAGE, "Of the texts"),
        },
    ),
    Operation("openapi", "/openapi.json", "This description", None, (401, 403)),
)


def describe() -> dict[str, Any]:
    """The whole description, ready for JSON."""
    answers = [operation.answer for operation in OPERATIONS if operation.answer is not None]
    _, schemas = msgspec.json.schema_components([*answers, Problem], ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Launchpulse",
            "version": "1",
            "description": "Live KPIs of marketing launches. A worker answers for the campaigns that it owns now, "
            "unless the operation says otherwise.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"bearer": []}, {}],
        "paths": {operation.path: {"get": _operation(operation)} for operation in OPERATIONS},
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "query", "schema": schema, "description": text}
        for name, (schema, text) in operation.query.items()
    ]
    if "{id}" in operation.path:
        text = "The campaign's id, percent-encoded"
        parameters.append(
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "description": text}
        )
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": {"200": _answer(operation)}
        | {str(status): _response(_ERRORS[status], _error(operation)) for status in operation.errors},
    }
    if operation.open:
        described["security"] = []
    return described


def _answer(operation: Operation) -> dict[str, Any]:
    described = _response("The answer", operation.answer, operation.content_type)
    for content_type in operation.also:
        described["content"] |= _response("", None, content_type)["content"]
    return described


def _error(operation: Operation) -> type | None:
    return operation.answer if operation.open else Problem


def _response(text: str, answer: type | None, content_type: str = "application/json") -> dict[str, Any]:
    if answer is not None:
        schema: dict[str, Any] = {"$ref": f"#/components/schemas/{answer.__name__}"}
    else:
        schema = {"type": "string"} if content_type.startswith("text/") else {"type": "object"}
    return {"description": text, "content": {content_type: {"schema": schema}}}
