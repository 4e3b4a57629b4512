"""Decodes bytes into trades.

Where the engine is compiled, the scanner reads what most programs send. The fast parser reads what others usually send,
and gives up on anything else; the strict parser reads the rest and reports what is wrong. Invariant: what the scanner
or the fast parser accepts, the strict parser reads the same.
"""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from api.http.errors import MalformedBody
from api.ingest.items import STRICT_BYTES_MAX, check_size, items_of, values_of_lines
from api.ingest.strict_fields import Unreadable
from api.ingest.strict_json import read_json
from api.ingest.strict_trades import read_trade
from api.ingest.trade_scanner import TradeScanner
from api.timestamps import InvalidTimestamp, from_milliseconds, from_rfc3339
from application.errors import FieldError
from application.processing.batches import ERRORS_REPORTED_MAX
from application.trades.commands.process_trade_batch import ProcessTradeBatch
from domain.numbers import InvalidNumber, Number
from domain.trades.trades import Trades
from domain.vectors import COMPILED
from infrastructure.feeds.raw_numbers import NO_NUMBER, number_in

_OPTIONAL = 6


class GivenTrade(msgspec.Struct, forbid_unknown_fields=True, gc=False, rename="camel"):
    """A trade as programs send it; its numbers as they are written."""

    side: Literal["buy", "sell"]
    quantity: msgspec.Raw
    symbol: str | None = None
    price: msgspec.Raw = NO_NUMBER
    venue: str | None = None
    timestamp: int | str | None = None
    sent_at: int | str | None = None
    id: str | None = None


_ONE = msgspec.json.Decoder(GivenTrade)
_MANY = msgspec.json.Decoder(list[GivenTrade])
# msgspec does not wrap the errors of invalid UTF-8 and deep nesting.
_GIVES_UP = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidTimestamp, InvalidNumber)


class TradeDecoding:
    """default_symbol: of trades that name none."""

    def __init__(self, default_symbol: str) -> None:
        self._default_symbol = default_symbol
        self._scanner = TradeScanner(default_symbol)

    def one(self, body: bytes, now_us: int, trades_max: int = 1) -> ProcessTradeBatch:
        """Decode a body of one trade; `now_us` is when it was received. Raises MalformedBody."""
        scanned = Trades([], [], [], [])
        if COMPILED and self._scanner.append(body, scanned, now_us):
            return ProcessTradeBatch(scanned)
        try:
            return ProcessTradeBatch(self._columns([_ONE.decode(body)], body, 0, now_us))
        except _GIVES_UP:
            pass
        if len(body) > STRICT_BYTES_MAX:
            raise MalformedBody(f"The body is not a trade: it is {len(body)} bytes long.")
        return self._strictly([read_json(body)], now_us)

    def array(self, body: bytes, now_us: int, trades_max: int) -> ProcessTradeBatch:
        """Decode a JSON array of trades.

        Raises:
            MalformedBody: the body is not a JSON array.
            BatchTooLarge: it has more than `trades_max` items; none has been validated.
        """
        if COMPILED and (scanned := self._scanner.array(body, now_us)):
            check_size(len(scanned), trades_max)
            return ProcessTradeBatch(scanned)
        command = self._quickly(_MANY.decode, body, 1, now_us, trades_max)
        return command or self._strictly(items_of(body, "trades", trades_max), now_us)

    def lines(self, body: bytes, now_us: int, trades_max: int) -> ProcessTradeBatch:
        """Decode NDJSON, one trade a line; empty lines are skipped, a line that is not JSON is a bad trade.

        Raises:
            MalformedBody: there are no lines.
            BatchTooLarge: there are more than `trades_max` lines, or far too many empty ones; none has been validated.
        """
        if COMPILED and (scanned := self._scanner.lines(body, now_us)):
            check_size(len(scanned), trades_max)
            return ProcessTradeBatch(scanned)
        command = self._quickly(_ONE.decode_lines, body, 0, now_us, trades_max)
        # One trade a line: every line feed but a final one precedes a brace, which none inside a trade can.
        if command is not None:
            count = command.count
            if count and body.count(b"\n{") == count - 1 == body.count(b"\n", 0, len(body) - 1):
                return command
        return self._strictly(values_of_lines(body, trades_max), now_us)

    def _quickly(
        self, decode: Callable[[bytes], list[GivenTrade]], body: bytes, gap: int, now_us: int, trades_max: int
    ) -> ProcessTradeBatch | None:
        """Decode with the fast parser; None if it gives up. gap: commas between consecutive trades."""
        try:
            given = decode(body)
            check_size(len(given), trades_max)
            return ProcessTradeBatch(self._columns(given, body, gap * (len(given) - 1), now_us))
        except _GIVES_UP:
            return None

    def _columns(self, given: list[GivenTrade], body: bytes, gaps: int, now_us: int) -> Trades:
        count = len(given)
        prices: list[Number | None] = [number_in(each.price) for each in given]
        venues = [each.venue for each in given]
        ids = [each.id for each in given]
        sent = [each.sent_at for each in given]
        symbols = [each.symbol for each in given]
        times = [each.timestamp for each in given]
        absent = [column.count(None) for column in (symbols, prices, venues, times, sent, ids)]
        # A repeated key, a null or a comma inside a string adds to the commas between members.
        if body.count(b",") > (1 + _OPTIONAL) * count - sum(absent) + gaps:
            raise InvalidNumber
        default = self._default_symbol
        return Trades(
            [default if symbol is None else symbol for symbol in symbols],
            [each.side == "buy" for each in given],
            [_required(number_in(each.quantity)) for each in given],
            [now_us if moment is None else _moment_us(moment) for moment in times],
            None if absent[1] == count else prices,
            None if absent[2] == count else venues,
            None if absent[5] == count else ids,
            None
            if absent[4] == count
            else [None if moment is None else now_us - _moment_us(moment) for moment in sent],
        )

    def _strictly(self, items: list[Any], now_us: int) -> ProcessTradeBatch:
        trades = []
        indexes = []
        errors: list[FieldError] = []
        for index, item in enumerate(items):
            try:
                trades.append(read_trade(item, now_us, self._default_symbol))
                indexes.append(index)
            except Unreadable as bad:
                if len(errors) < ERRORS_REPORTED_MAX:
                    errors += [error.at(index) for error in bad.errors]
        return ProcessTradeBatch(Trades.of(trades), indexes, len(items) - len(trades), tuple(errors))


def _moment_us(moment: int | str) -> int:
    return from_rfc3339(moment) if isinstance(moment, str) else from_milliseconds(moment)


def _required(number: Number | None) -> Number:
    if number is None:
        raise InvalidNumber
    return number
