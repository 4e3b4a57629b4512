"""The audit log: lines of the service's log whose logger is `audit`."""

import structlog

_log = structlog.stdlib.get_logger("audit")


class AuditLog:
    def note(self, event: str, **facts: str) -> None:
        _log.info(event, **facts)
