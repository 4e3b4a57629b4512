// The latest state of every symbol.

import { digitsOf } from "../format.js";

// Seconds of history kept per symbol, for its trend and its change over a minute.
const SECONDS = 120;

export class Row {
  price = NaN;
  average = NaN;
  min = NaN;
  max = NaN;
  count = 0;
  time = 0;
  digits = 0;
  // direction: sign of the last change of the price (1, -1 or 0). moved: number of changes.
  direction = 0;
  moved = 0;
  // Prices of a minute, an hour and a day ago, as far as they are known: see changes.js.
  ago = {};
  // Ring buffers of the last price in each second that had one.
  #seconds = new Float64Array(SECONDS);
  #prices = new Float64Array(SECONDS);
  #end = 0;

  constructor(symbol) {
    this.symbol = symbol;
  }

  take(item) {
    const { currentPrice: price } = item;
    if (price !== this.price && this.count > 0) {
      this.direction = Math.sign(price - this.price);
      this.moved += 1;
    }
    for (const [seen, known] of [[price, this.price], [item.minPrice, this.min], [item.maxPrice, this.max]]) {
      if (seen !== known) this.digits = Math.max(this.digits, digitsOf(seen));
    }
    this.price = price;
    this.average = item.movingAverage;
    this.min = item.minPrice;
    this.max = item.maxPrice;
    this.count = item.updateCount;
    this.time = Date.parse(item.lastUpdateTime);
    const second = Math.floor(this.time / 1000);
    if (this.#end === 0 || this.#seconds[(this.#end - 1) % SECONDS] !== second) this.#end += 1;
    const at = (this.#end - 1) % SECONDS;
    this.#seconds[at] = second;
    this.#prices[at] = price;
  }

  /** { second, price }, oldest first. */
  *history() {
    for (let i = Math.max(0, this.#end - SECONDS); i < this.#end; i++) {
      const at = i % SECONDS;
      yield { second: this.#seconds[at], price: this.#prices[at] };
    }
  }

  /** The price so many seconds before the newest tick; null if that is before what is kept. */
  before(seconds) {
    const then = Math.floor(this.time / 1000) - seconds;
    for (let i = this.#end - 1; i >= Math.max(0, this.#end - SECONDS); i--) {
      if (this.#seconds[i % SECONDS] <= then) return this.#prices[i % SECONDS];
    }
    return null;
  }
}

export class Market {
  rows = new Map();
  // Incremented when a symbol is added, replaced or removed.
  version = 0;
  #kept = null;

  /** Begin a snapshot: symbols that are not in it are removed. */
  begin() {
    this.#kept = new Set();
  }

  snapshot(message) {
    this.take(message.prices);
    if (this.#kept === null) return;
    for (const item of message.prices) this.#kept.add(item.symbol);
    if (!message.last) return;
    for (const symbol of this.rows.keys()) {
      if (!this.#kept.has(symbol)) {
        this.rows.delete(symbol);
        this.version += 1;
      }
    }
    this.#kept = null;
  }

  take(prices) {
    for (const item of prices) {
      let row = this.rows.get(item.symbol);
      // The service has restarted without its state.
      if (row === undefined || item.updateCount < row.count || Date.parse(item.lastUpdateTime) < row.time) {
        row = new Row(item.symbol);
        this.rows.set(item.symbol, row);
        this.version += 1;
      }
      row.take(item);
      this.#kept?.add(item.symbol);
    }
  }
}
