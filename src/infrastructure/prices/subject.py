"""The `Subject` of prices."""

from operator import attrgetter

from domain.prices.spike_rule import SpikeRule
from domain.prices.symbol_book import SymbolBook
from domain.prices.symbol_state import StatisticsRules
from infrastructure.prices.price_format import PRICES, PriceLogFormat
from infrastructure.prices.price_tables import PriceTables
from infrastructure.settings import ProcessingSettings
from infrastructure.subject import Subject


def prices(settings: ProcessingSettings) -> Subject:
    """Create the subject from the settings."""
    return prices_by(
        StatisticsRules(
            moving_average_size=settings.moving_average_window,
            window_us=settings.sliding_window_us,
            spike=SpikeRule(settings.anomaly_threshold_percent),
        )
    )


def prices_by(rules: StatisticsRules) -> Subject:
    return Subject(
        name=PRICES,
        observations="ticks",
        key="symbol",
        new_book=lambda: SymbolBook(rules),
        log=PriceLogFormat(),
        tables=PriceTables(rules.window_us),
        values=attrgetter("prices"),
    )
