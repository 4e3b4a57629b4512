"""The `Subject` of trades."""

from domain.trades.trade_book import TradeBook
from infrastructure.settings import TradesSettings
from infrastructure.subject import Subject
from infrastructure.trades.trade_format import TRADES, TradeLogFormat
from infrastructure.trades.trade_tables import TradeTables


def trades(settings: TradesSettings) -> Subject:
    """Create the subject from the settings."""
    return Subject(
        name=TRADES,
        observations="trades",
        key="symbol",
        new_book=lambda: TradeBook(settings.window),
        log=TradeLogFormat(),
        tables=TradeTables(),
    )
