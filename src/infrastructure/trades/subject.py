"""The `Subject` of trades."""

from dataclasses import dataclass
from operator import attrgetter

from domain.trades.trade_book import TradeBook
from domain.trades.trade_totals import TradeTotals
from infrastructure.settings import TradesSettings
from infrastructure.subject import Subject
from infrastructure.trades.trade_format import TRADES, TradeLogFormat
from infrastructure.trades.trade_tables import TradeTables


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeSubject(Subject):
    """totals: of all its books."""

    totals: TradeTotals


def trades(settings: TradesSettings) -> TradeSubject:
    """Create the subject from the settings."""
    totals = TradeTotals()
    return TradeSubject(
        name=TRADES,
        observations="trades",
        key="symbol",
        new_book=lambda: TradeBook(settings.window, totals),
        log=TradeLogFormat(),
        tables=TradeTables(),
        values=attrgetter("quantities"),
        figures=("imbalance", "latency"),
        totals=totals,
    )
