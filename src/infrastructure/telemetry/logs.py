"""Structured logs: readable on a terminal, JSON anywhere else, each line with its trace id."""

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from infrastructure.telemetry.trace_context import current_trace


def configure_logging(level: str, form: Literal["auto", "console", "json"]) -> None:
    """Send every log line of the process, including libraries, to standard error in one format."""
    console = sys.stderr.isatty() if form == "auto" else form == "console"
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace_id,
    ]
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if console:
        plain = structlog.dev.plain_traceback
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)
        last += [_escape_controls, renderer]
    else:
        last += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # At level info they repeat what the service logs itself, and log every request, which metrics count.
    for chatty in ("uvicorn.error", "httpx"):
        logging.getLogger(chatty).setLevel(max(root.level, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _escape_controls(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A path or a name must not move the cursor of whoever watches. JSON escapes it anyway."""
    for name, value in event.items():
        if name not in ("event", "exception") and isinstance(value, str) and not value.isprintable():
            event[name] = ascii(value)[1:-1]
    return event


def _add_trace_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    trace = current_trace.get()
    if trace is not None:
        event["trace_id"] = trace.trace_id
    return event
