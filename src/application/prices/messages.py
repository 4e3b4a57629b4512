"""All messages about prices."""

from application.prices.commands.forget_symbol import ForgetSymbol
from application.prices.commands.process_price_batch import ProcessPriceBatch
from application.prices.commands.process_price_update import ProcessPriceUpdate
from application.prices.commands.refuse_price_update import RefusePriceUpdate
from application.prices.queries.get_anomaly import GetAnomaly
from application.prices.queries.get_symbol_statistics import GetSymbolStatistics
from application.prices.queries.list_candles import ListCandles
from application.prices.queries.list_events import GetRecentAnomalies, ListMoves
from application.prices.queries.list_symbol_statistics import ListSymbolStatistics
from application.prices.queries.list_ticks import ListTicks

MESSAGES: tuple[type, ...] = (
    ProcessPriceUpdate,
    ProcessPriceBatch,
    RefusePriceUpdate,
    ForgetSymbol,
    GetSymbolStatistics,
    ListSymbolStatistics,
    GetRecentAnomalies,
    GetAnomaly,
    ListMoves,
    ListCandles,
    ListTicks,
)
