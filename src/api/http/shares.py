"""The share of the intake that a request counts towards."""

from api.http.asgi import Scope
from infrastructure.processing.admission import Share

# Scope key of the connection's share.
SHARE = "marketdata.share"


def share_of(scope: Scope) -> Share:
    """The share of the request's connection."""
    share = scope.get(SHARE)
    return share if isinstance(share, Share) else Share()
