"""The cookies of people who are signed in, which no script of a page can read."""

from collections.abc import Iterable

from litestar.datastructures import Cookie

ACCESS_COOKIE = "marketdata_access"
REFRESH_COOKIE = "marketdata_refresh"
AUTH_PATH = "/api/auth"


def cookie_in(headers: Iterable[tuple[bytes, bytes]], name: str) -> str | None:
    """The value of a cookie; None if it is not sent, or sent twice, which browsers do not do for one path."""
    found = [
        value
        for header, text in headers
        if header == b"cookie"
        for given, is_set, value in (pair.strip().partition("=") for pair in text.decode("latin-1").split(";"))
        if given == name and is_set
    ]
    return found[0] if len(found) == 1 else None


def session_cookies(access: str, access_seconds: int, refresh: str | None, seconds: int, secure: bool) -> list[Cookie]:
    """refresh: None leaves the one that the browser has. Empty values remove both."""
    cookies = [_cookie(ACCESS_COOKIE, access, "/", access_seconds if access else 0, secure)]
    if refresh is not None:
        cookies.append(_cookie(REFRESH_COOKIE, refresh, AUTH_PATH, seconds if refresh else 0, secure))
    return cookies


def _cookie(name: str, value: str, path: str, seconds: int, secure: bool) -> Cookie:
    return Cookie(key=name, value=value, path=path, max_age=seconds, httponly=True, secure=secure, samesite="strict")
