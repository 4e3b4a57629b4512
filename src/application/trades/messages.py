"""All messages about trades."""

from application.trades.commands.forget_trades import ForgetTrades
from application.trades.commands.process_trade_batch import ProcessTradeBatch
from application.trades.queries.get_trade_statistics import GetTradeStatistics
from application.trades.queries.list_trade_candles import ListTradeCandles
from application.trades.queries.list_trade_statistics import ListTradeStatistics
from application.trades.queries.list_trades import ListTrades

MESSAGES: tuple[type, ...] = (
    ProcessTradeBatch,
    ForgetTrades,
    GetTradeStatistics,
    ListTradeStatistics,
    ListTrades,
    ListTradeCandles,
)
