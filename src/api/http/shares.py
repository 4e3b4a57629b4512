"""Whose share of the intake a request is counted towards."""

from api.http.asgi import Scope
from infrastructure.processing.admission import Share

# Where the connection's stands in the scope of its requests.
SHARE = "marketdata.share"


def share_of(scope: Scope) -> Share:
    """What the connection of a request has had of the intake."""
    share = scope.get(SHARE)
    return share if isinstance(share, Share) else Share()
