"""Errors of rules and alerts; `application.errors` has the hierarchy."""

from application.errors import MarketDataError, Unavailable


class RuleNotFound(MarketDataError):
    """No rule has that id."""

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"No rule has the id {ascii(rule_id[:64])[1:-1]}.")


class RuleExists(MarketDataError):
    """The id is taken."""

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"There is a rule with the id {rule_id}.")


class RuleChanged(MarketDataError):
    """The rule is not the one that the caller has read."""

    def __init__(self, revision: int) -> None:
        super().__init__(f'The rule has changed: its ETag is "{revision}". Read it again.')


class RuleInFile(MarketDataError):
    """The rule is one of `rules.file`."""

    def __init__(self) -> None:
        super().__init__("The rule is one of rules.file, and only a change of that file changes it.")


class TooManyRules(MarketDataError):
    """The limit of rules is reached."""

    def __init__(self, most: int) -> None:
        super().__init__(f"There are {most} rules, which is the limit of rules.max_rules.")


class AlertNotFound(MarketDataError):
    """No alert has that id."""

    def __init__(self, alert_id: str) -> None:
        super().__init__(f"No alert has the id {ascii(alert_id[:64])[1:-1]}.")


class AlertClosed(MarketDataError):
    """The state of the alert does not allow the change."""

    def __init__(self, state: str) -> None:
        super().__init__(f"The alert is {state}.")


class DeadLetterNotFound(MarketDataError):
    """No delivery that failed for good has that id."""

    def __init__(self, delivery_id: str) -> None:
        super().__init__(f"No dead letter has the id {ascii(delivery_id[:200])[1:-1]}.")


class BacktestNotFound(MarketDataError):
    """No back-test has that id, or it ended long ago."""

    def __init__(self, backtest_id: str) -> None:
        super().__init__(f"No back-test has the id {ascii(backtest_id[:64])[1:-1]}.")


class TooManyBacktests(Unavailable):
    """As many back-tests run as may."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} back-tests are running, which is the limit of rules.max_backtests.")


class BacktestFailed(MarketDataError):
    """The process of a back-test ended without a result."""

    def __init__(self) -> None:
        super().__init__("The back-test ended without a result; the log of the service says why.")
