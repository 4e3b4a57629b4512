"""The dashboard page and its files."""

from collections.abc import Iterator
from importlib.metadata import distribution
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from api.http.access import Rule, rule
from api.http.problems import PAGE
from api.http.static_file import StaticFile
from api.reference.documented import documented, text

_CHARTS = "lightweight-charts.js"


class DashboardFiles:
    """All files of the dashboard, in memory, by their paths in its folder."""

    def __init__(self) -> None:
        self._found = {
            path: StaticFile(path, each.read_bytes()) for path, each in _files(files("api").joinpath("dashboard"))
        }
        # The unmodified upstream file, shipped by a package; see docs/decisions/0018-charts.md.
        charts = Path(str(distribution("litecharts").locate_file(f"litecharts/js/{_CHARTS}")))
        self._found[_CHARTS] = StaticFile(_CHARTS, charts.read_bytes())

    def answer(self, name: str, request: Request[Any, Any, Any]) -> Response[bytes | None]:
        file = self._found.get(name)
        if file is None:
            raise NotFoundException
        return file.answer(request)


def _files(folder: Traversable, above: str = "") -> Iterator[tuple[str, Traversable]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _files(each, f"{above}{each.name}/")
        else:
            yield above + each.name, each


class DashboardController(Controller):
    tags = ("dashboard",)
    opt = rule(Rule.READ)

    @get(
        "/",
        operation_id="getDashboard",
        summary="The dashboard",
        opt=documented("A page.", content=text("text/html; charset=utf-8", "<!doctype html>")) | {PAGE: True},
    )
    async def get_dashboard(
        self, request: Request[Any, Any, Any], dashboard_files: NamedDependency[DashboardFiles]
    ) -> Response[bytes | None]:
        return dashboard_files.answer("index.html", request)

    # Nothing that is not in every copy of the service.
    @get("/dashboard/{name:path}", include_in_schema=False, opt=rule(Rule.OPEN))
    async def get_part(
        self, name: FromPath[str], request: Request[Any, Any, Any], dashboard_files: NamedDependency[DashboardFiles]
    ) -> Response[bytes | None]:
        return dashboard_files.answer(name.removeprefix("/"), request)
