"""The page where people sign in."""

from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency

from api.http.access import Rule, rule
from api.routes.dashboard import DashboardFiles


class SignInPageController(Controller):
    @get("/sign-in", include_in_schema=False, opt=rule(Rule.OPEN))
    async def get_page(
        self, request: Request[Any, Any, Any], dashboard_files: NamedDependency[DashboardFiles]
    ) -> Response[bytes | None]:
        return dashboard_files.answer("sign-in.html", request)
