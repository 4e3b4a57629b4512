"""Every message that the system understands."""

from application.commands.confirm_durability import ConfirmDurability
from application.commands.process_price_batch import ProcessPriceBatch
from application.commands.process_price_update import ProcessPriceUpdate
from application.commands.refuse_price_update import RefusePriceUpdate
from application.queries.get_anomaly import GetAnomaly
from application.queries.get_processing_statistics import GetProcessingStatistics
from application.queries.get_recent_anomalies import GetRecentAnomalies
from application.queries.get_symbol_statistics import GetSymbolStatistics
from application.queries.list_candles import ListCandles
from application.queries.list_symbol_statistics import ListSymbolStatistics
from application.queries.list_ticks import ListTicks

MESSAGES: tuple[type, ...] = (
    ProcessPriceUpdate,
    ProcessPriceBatch,
    RefusePriceUpdate,
    ConfirmDurability,
    GetSymbolStatistics,
    ListSymbolStatistics,
    GetRecentAnomalies,
    GetAnomaly,
    ListCandles,
    ListTicks,
    GetProcessingStatistics,
)
