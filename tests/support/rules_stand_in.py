"""Rules and alerts in a browser whose service has none yet: the routes and the channel, as far as the page uses them.

`stand_in` does nothing where the service has rules of its own, so that the tests then run against these. It knows one
condition, a level, and raises its alerts when `tick` posts a price beyond it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, Route, WebSocketRoute

from api.timestamps import to_rfc3339
from support.service import Service


@dataclass
class StandIn:
    service: Service
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)
    said: Callable[[dict[str, Any]], None] | None = None

    def tick(self, symbol: str, price: float, timestamp_ms: int) -> None:
        """Post a tick; and raise what the rules say of it, if the service does not."""
        self.service.post({"symbol": symbol, "price": price, "timestamp": timestamp_ms})
        for rule in self.rules.values():
            if rule["enabled"] and symbol in rule["keys"] and price > rule["condition"]["level"]["above"]:
                alert = _alert(rule, symbol, price, timestamp_ms)
                self.alerts[alert["id"]] = alert
                if self.said is not None:
                    self.said(alert)

    def listen(self, socket: WebSocketRoute) -> None:
        """Between the page and the service: let the page subscribe to alerts, and number all messages anew."""
        server = socket.connect_to_server()
        seq = 0

        def say(message: dict[str, Any]) -> None:
            nonlocal seq
            seq += 1
            socket.send(json.dumps(message | {"seq": seq}))

        def from_page(text: str | bytes) -> None:
            asked = json.loads(text)
            if asked.get("channels") == ["alerts"]:
                say({"type": "subscribed", "id": asked["id"], "subscriptions": {"alerts": ["*"]}})
            else:
                server.send(text)

        socket.on_message(from_page)
        server.on_message(lambda text: say(json.loads(text)))
        self.said = lambda alert: say({"type": "alert", "alert": alert})

    def answer(self, route: Route) -> None:
        request = route.request
        path = request.url.split("?")[0].partition("/api/")[2].split("/")
        body: dict[str, Any] = json.loads(request.post_data or "{}")
        match request.method, *path:
            case "GET", "rules":
                route.fulfill(json={"items": list(self.rules.values()), "nextCursor": None})
            case "GET", "alerts":
                route.fulfill(json={"items": list(self.alerts.values()), "nextCursor": None})
            case "POST", "rules", "backtest":
                self._backtest(route, body)
            case "POST", "rules":
                self._save(route, body | {"id": f"rule-{len(self.rules)}", "clear": None, "revision": 1})
            case "PUT", "rules", rule_id:
                known = self.rules[rule_id]["revision"]
                if request.headers["if-match"] != f'"{known}"':
                    route.fulfill(status=409, json={"detail": "The rule has changed since it was read."})
                else:
                    self._save(route, body | {"revision": known + 1})
            case "DELETE", "rules", rule_id:
                del self.rules[rule_id]
                route.fulfill(status=204)
            case "POST", "alerts", alert_id, action:
                states = {"acknowledge": "acknowledged", "resolve": "resolved"}
                self.alerts[alert_id] |= {"state": states[action], "acknowledgedBy": "anonymous"}
                route.fulfill(json=self.alerts[alert_id])

    def _save(self, route: Route, rule: dict[str, Any]) -> None:
        if not _is_right(rule):
            route.fulfill(status=400, json=_PROBLEM)
            return
        self.rules[rule["id"]] = rule
        route.fulfill(status=201, json=rule)

    def _backtest(self, route: Route, body: dict[str, Any]) -> None:
        rule = body["rule"] | {"id": "tried"}
        if not _is_right(rule):
            route.fulfill(status=400, json=_PROBLEM)
            return
        alerts = []
        for symbol in rule["keys"]:
            parameters = {"from": body["from"], "to": body["to"], "limit": 1000}
            before = 0.0
            for tick in self.service.client.get(f"/api/prices/{symbol}/ticks", params=parameters).json()["items"]:
                if tick["price"] > rule["condition"]["level"]["above"] >= before:
                    alerts.append(_alert(rule, symbol, tick["price"], 0) | {"raisedAt": tick["timestamp"]})
                before = tick["price"]
        result = {"alerts": alerts, "total": len(alerts), "byKey": [{"key": key} for key in rule["keys"]]}
        route.fulfill(json={"state": "done", "result": result})


def stand_in(page: Page, service: Service) -> StandIn:
    found = StandIn(service)
    if service.client.get("/api/rules").status_code == 404:
        page.route("**/api/rules**", found.answer)
        page.route("**/api/rules/**", found.answer)
        page.route("**/api/alerts**", found.answer)
        page.route("**/api/alerts/**", found.answer)
        page.route_web_socket("**/ws", found.listen)
    return found


_PROBLEM = {"detail": "Validation failed.", "errors": [{"field": "condition.level", "message": "needs above or below"}]}


def _is_right(rule: dict[str, Any]) -> bool:
    return "above" in rule["condition"].get("level", {})


def _alert(rule: dict[str, Any], key: str, value: float, at_ms: int) -> dict[str, Any]:
    return {
        "id": f"{rule['id']}-{key}-{at_ms}-{value}",
        "ruleId": rule["id"],
        "ruleName": rule["name"],
        "subject": "prices",
        "key": key,
        "severity": rule["severity"],
        "state": "raised",
        "value": value,
        "threshold": rule["condition"]["level"]["above"],
        "explanation": f"value {value:g} is above {rule['condition']['level']['above']:g}",
        "raisedAt": to_rfc3339(at_ms * 1000),
        "acknowledgedAt": None,
        "acknowledgedBy": None,
        "resolvedAt": None,
        "count": 1,
    }
