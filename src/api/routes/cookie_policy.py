"""Answers that sign a browser in or out."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response

from api.http.cookies import session_cookies
from api.http.responses import ViewResponse
from api.views.auth import MeView
from application.access.sessions import SESSION_SECONDS, SignedIn


@dataclass(frozen=True, slots=True)
class CookiePolicy:
    """always_secure: cookies are for TLS only, also where a proxy does the TLS. access_seconds: of an access token."""

    always_secure: bool
    access_seconds: int

    def signed_in(self, done: SignedIn, request: Request[Any, Any, Any]) -> Response[MeView]:
        tokens = (done.access_token, self.access_seconds, done.refresh_token, SESSION_SECONDS)
        cookies = session_cookies(*tokens, self._is_secure(request))
        view = MeView(done.account.name, done.account.role.value, [])
        return ViewResponse(view, cookies=cookies, headers={"Cache-Control": "no-store"})

    def signed_out(self, request: Request[Any, Any, Any]) -> Response[None]:
        return Response(None, status_code=204, cookies=session_cookies("", 0, "", 0, self._is_secure(request)))

    def _is_secure(self, request: Request[Any, Any, Any]) -> bool:
        return self.always_secure or request.scope["scheme"] == "https"
