"""Routes for people: sign in and out, stay signed in, and change the password. The tokens are in cookies only."""

from typing import Any, TypeVar, cast

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency

from api.http.access import Rule, check_same_site, rule
from api.http.asgi import Scope
from api.http.bodies import whole_body
from api.http.client_addresses import address_of
from api.http.cookies import AUTH_PATH, REFRESH_COOKIE, cookie_in
from api.http.errors import MalformedBody, UnsupportedMediaType
from api.http.responses import JSON
from api.reference.documented import documented, header
from api.routes.cookie_policy import CookiePolicy
from api.views.auth import InvitationBody, MeView, PasswordBody, SignInBody
from application.access.commands.accept_invitation import AcceptInvitation
from application.access.commands.change_password import ChangePassword
from application.access.commands.refresh_session import RefreshSession
from application.access.commands.sign_in import SignIn
from application.access.commands.sign_out import SignOut
from application.access.errors import Unauthenticated, WrongPassword
from application.mediator import Mediator
from domain.access.principal import Principal

_BODY_BYTES_MAX = 4096
_ME = {"name": "ada", "role": "viewer", "symbols": []}
_HEADER = header("X-Marketdata-Request", "Anything: a page of another origin cannot send it.", "1")
_STRING = {"type": "string"}

Body = TypeVar("Body", bound=msgspec.Struct)


def _body(*names: str) -> dict[str, Any]:
    schema = {"type": "object", "required": list(names), "properties": dict.fromkeys(names, _STRING)}
    return {JSON: {"schema": schema, "example": {name: "ada" if name == "name" else "..." for name in names}}}


class AuthController(Controller):
    path = AUTH_PATH
    tags = ("access",)
    opt = rule(Rule.OPEN)

    @post(
        "/sign-in",
        status_code=200,
        operation_id="signIn",
        summary="Sign in with a name and a password",
        opt=documented(
            "Signed in, by cookies.", _ME, problems=(400, 401, 415, 429, 503), body=_body("name", "password")
        ),
    )
    async def sign_in(
        self,
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Mediator],
        cookie_policy: NamedDependency[CookiePolicy],
    ) -> Response[MeView]:
        body = await _read(request, SignInBody)
        done = await accounts.send(SignIn(body.name, body.password, address_of(cast("Scope", request.scope))))
        return cookie_policy.signed_in(done, request)

    @post(
        "/invitation",
        status_code=200,
        operation_id="acceptInvitation",
        summary="Accept an invitation by choosing a password",
        opt=documented(
            "Signed in, by cookies.",
            _ME,
            problems=(400, 401, 415, 429, 503),
            body=_body("name", "invitation", "newPassword"),
        ),
    )
    async def accept_invitation(
        self,
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Mediator],
        cookie_policy: NamedDependency[CookiePolicy],
    ) -> Response[MeView]:
        body = await _read(request, InvitationBody)
        done = await accounts.send(
            AcceptInvitation(body.name, body.invitation, body.new_password, address_of(cast("Scope", request.scope)))
        )
        return cookie_policy.signed_in(done, request)

    @post(
        "/refresh",
        status_code=200,
        operation_id="refreshSession",
        summary="Stay signed in: exchange the refresh token, once, for new tokens",
        opt=documented("Signed in for some more minutes.", _ME, problems=(401, 503), headers=[_HEADER]),
    )
    async def refresh(
        self,
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Mediator],
        cookie_policy: NamedDependency[CookiePolicy],
    ) -> Response[MeView]:
        check_same_site(request.scope["headers"])
        refresh_token = cookie_in(request.scope["headers"], REFRESH_COOKIE)
        if refresh_token is None:
            raise Unauthenticated
        done = await accounts.send(RefreshSession(refresh_token))
        return cookie_policy.signed_in(done, request)

    @post(
        "/sign-out",
        status_code=204,
        operation_id="signOut",
        summary="Sign out",
        opt=documented("Signed out, also if nobody was signed in.", problems=(503,), headers=[_HEADER]),
    )
    async def sign_out(
        self,
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Mediator],
        cookie_policy: NamedDependency[CookiePolicy],
    ) -> Response[None]:
        check_same_site(request.scope["headers"])
        refresh_token = cookie_in(request.scope["headers"], REFRESH_COOKIE)
        if refresh_token is not None:
            await accounts.send(SignOut(refresh_token))
        return cookie_policy.signed_out(request)

    @post(
        "/password",
        status_code=200,
        operation_id="changePassword",
        summary="Change the own password; all other sessions end",
        opt=documented(
            "Changed.",
            _ME,
            problems=(400, 401, 415, 429, 503),
            headers=[_HEADER],
            body=_body("password", "newPassword"),
        )
        | rule(Rule.SIGNED_IN),
    )
    async def change_password(
        self,
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Mediator],
        cookie_policy: NamedDependency[CookiePolicy],
        principal: NamedDependency[Principal],
    ) -> Response[MeView]:
        body = await _read(request, PasswordBody)
        if principal.session is None:
            # A key that has the name of an account is not that account.
            raise WrongPassword
        done = await accounts.send(
            ChangePassword(principal.name, body.password, body.new_password, address_of(cast("Scope", request.scope)))
        )
        return cookie_policy.signed_in(done, request)

    @get(
        "/me",
        operation_id="getMe",
        summary="Who is signed in",
        opt=documented("The name and the role of the account or the key.", _ME) | rule(Rule.SIGNED_IN),
    )
    async def get_me(self, principal: NamedDependency[Principal]) -> MeView:
        return MeView.of(principal)


async def _read(request: Request[Any, Any, Any], kind: type[Body]) -> Body:
    """The body, which must say that it is JSON: forms of other origins cannot."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise UnsupportedMediaType(f"Send Content-Type: {JSON}.")
    body = await whole_body(cast("Scope", request.scope), cast("Any", request.receive), _BODY_BYTES_MAX)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Without a detail that could repeat a password.
        raise MalformedBody(f"The body is not an object of {', '.join(kind.__struct_encode_fields__)}.") from None
