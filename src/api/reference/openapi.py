"""The OpenAPI 3.1 document, generated from the handlers.

Litestar supplies paths, methods, operation ids, tags and path parameters; the query and answer structs and `documented`
supply the rest.
"""

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import License
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

from api.http.access import ACCESS, REQUEST_HEADER, Rule
from api.http.errors import CrossSite
from api.http.problems import problem_of
from api.http.query import Query, parameters_of
from api.reference.documented import OPT, Documented, Json
from api.reference.problem_examples import DESCRIPTIONS, example_of, problem_example
from api.views.problem import ProblemView
from api.views.view import View
from application.access.errors import Forbidden, Unauthenticated
from domain.access.role import Permission

_SCHEME = "key"
_KEY = {"type": "http", "scheme": "bearer", "description": "A key of `marketdata keys create`: `md_<id>_<secret>`."}
# Problems that every route may answer with, and every route that has effects.
_ANYWHERE = (421, 429)
_ANYWHERE_WITH_EFFECTS = (403, 421, 429)
_REF = "#/components/schemas/"


def openapi_document(
    handlers: Sequence[ControllerRouterHandler], dependencies: Iterable[str], signs_in: bool = False
) -> Json:
    """dependencies: names of the handlers' arguments that are injected, not request parameters.

    signs_in: whether requests need a key.
    """
    app = Litestar(
        handlers,
        dependencies={name: _placeholder() for name in dependencies},
        # The default would replace the log's handlers.
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="marketdata",
            version=version("marketdata"),
            summary="Ticks in, statistics and spikes out.",
            description="Every error is application/problem+json (RFC 9457).",
            license=License(name="MIT", identifier="MIT"),
            # Path of Litestar's own pages, which are never served.
            path="/unused",
        ),
    )
    document: Json = app.openapi_schema.to_schema()
    views: dict[str, type[msgspec.Struct]] = {"ProblemView": ProblemView}
    extra: Json = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path_format in document["paths"]:
            for method, (handler, _) in route.route_handler_map.items():
                operation = document["paths"][route.path_format].get(method.lower())
                if operation is not None and OPT in handler.opt:
                    _describe(operation, f"{method.lower()} {route.path_format}", handler, views, extra)
                    if signs_in:
                        _protect(operation, f"{method.lower()} {route.path_format}", handler)
    components: Json = {"schemas": component_schemas(views.values()) | extra}
    return {
        "openapi": document["openapi"],
        "info": document["info"],
        "servers": [{"url": "/"}],
        "paths": document["paths"],
        "components": components | ({"securitySchemes": {_SCHEME: _KEY}} if signs_in else {}),
    }


def component_schemas(structs: Iterable[type[msgspec.Struct]]) -> Json:
    """The JSON Schemas of structs by name, for `#/components/schemas`."""
    _, schemas = msgspec.json.schema_components(structs, ref_template=_REF + "{name}")
    # Sorted, so that every process serves the same bytes.
    return dict(sorted(schemas.items()))


def _describe(
    operation: Json,
    name: str,
    handler: HTTPRouteHandler,
    views: dict[str, type[msgspec.Struct]],
    extra: Json,
) -> None:
    about: Documented = handler.opt[OPT]
    method, path = name.split(" ")
    query = handler.parsed_fn_signature.parameters.get("params")
    parameters = operation.get("parameters", [])
    if query is not None and issubclass(query.annotation, Query):
        parameters = [*parameters, *parameters_of(query.annotation)]
    parameters = [*parameters, *about.headers]
    if parameters:
        operation["parameters"] = parameters
    responses = {str(handler.status_code): _success(handler, about, views)}
    for status, (view, description, example) in about.also.items():
        views[view.__name__] = view
        responses[str(status)] = _answer(_json(view, example) | _media(about), description)
    for status in sorted({*about.problems, *(_ANYWHERE if method == "get" else _ANYWHERE_WITH_EFFECTS)}):
        example = problem_example(status, method, path)
        content = {"application/problem+json": {"schema": _ref(ProblemView), "example": example}}
        responses[str(status)] = _answer(content, DESCRIPTIONS[status])
    operation["responses"] = responses
    if about.body:
        operation["requestBody"] = {"required": True, "content": _bodies(about, extra)}


def _protect(operation: Json, name: str, handler: HTTPRouteHandler) -> None:
    """Say who may use an operation."""
    method, path = name.split(" ")
    rule: Rule | None = handler.opt.get(ACCESS)
    about: Documented = handler.opt[OPT]
    operation["security"] = [] if rule is Rule.OPEN else [{_SCHEME: []}]
    refusals: list[Exception] = []
    if rule is not Rule.OPEN:
        refusals.append(Unauthenticated())
    if rule is not None and isinstance(rule.value, Permission):
        refusals.append(Forbidden(rule.value))
    wants_header = any(each["name"].lower().encode() == REQUEST_HEADER for each in about.headers)
    if wants_header or (rule is not Rule.OPEN and method != "get"):
        refusals.append(CrossSite())
    for error in refusals:
        problem = problem_of(error, path)
        content = {"application/problem+json": {"schema": _ref(ProblemView), "example": example_of(error, path)}}
        told = operation["responses"].setdefault(str(problem.status), _answer(content, problem.detail))
        if told["description"] != problem.detail:
            told["description"] += f" Or: {problem.detail}"


def _success(handler: HTTPRouteHandler, about: Documented, views: dict[str, type[msgspec.Struct]]) -> Json:
    view = _view_of(handler)
    if about.content is not None:
        content: Json = about.content
    elif view is None:
        return {"description": about.description}
    else:
        views[view.__name__] = view
        content = _json(view, about.example)
    content = content | _media(about)
    return _answer(content, about.description)


def _media(about: Documented) -> Json:
    texts = {
        media_type: {"schema": {"type": "string"}, "example": example} for media_type, example in about.media.items()
    }
    # Of what is binary, OpenAPI 3.1 has nothing to say.
    return texts | {media_type: {} for media_type in about.files}


def _view_of(handler: HTTPRouteHandler) -> type[View] | None:
    """The view that a handler returns, directly or in a `Response`."""
    returned = handler.parsed_fn_signature.return_type
    for each in (returned.annotation, *(inner.annotation for inner in returned.inner_types)):
        if isinstance(each, type) and issubclass(each, View):
            return each
    return None


def _bodies(about: Documented, extra: Json) -> Json:
    content = {}
    for media_type, body in about.body.items():
        extra |= body.get("schemas", {})
        content[media_type] = {name: value for name, value in body.items() if name != "schemas"}
    return content


def _json(view: type[msgspec.Struct], example: object) -> Json:
    return {"application/json": {"schema": _ref(view), "example": example}}


def _answer(content: Json, description: str) -> Json:
    return {"description": description, "content": content}


def _ref(view: type[msgspec.Struct]) -> Json:
    return {"$ref": _REF + view.__name__}


def _placeholder() -> Provide:
    """A placeholder dependency. Each is a new one, because no two names may share a provider."""

    async def provide() -> Any:
        return None

    return Provide(provide)
