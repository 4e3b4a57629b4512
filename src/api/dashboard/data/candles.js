// The candles of one symbol and interval: pages of the past, and the newest as they grow.

import { pathOf } from "../desk.js";
import { digitsOf } from "../format.js";

// As the service names them, and their seconds.
export const INTERVALS = { "1s": 1, "1m": 60, "5m": 300, "15m": 900, "1h": 3600, "1d": 86_400 };

const PAGE = 1000;
// What has grown since the last look is asked for in pages of this size.
const FRESH = 20;
// With fewer a chart says little, and a finer interval says more.
const ENOUGH = 30;

export class Candles {
  // { time (s), open, high, low, close, volume (null if unknown), count }, oldest first.
  items = [];
  // The most decimal places of any price so far.
  digits = 0;
  // The times of candles that have changed since `takeChanges`, or null where whole pages have.
  #changed = null;
  #path;
  #cursor = null;
  // The newest candle that the service has told of.
  #stored = -Infinity;
  #older = null;
  #last = Promise.resolve();

  constructor(symbol, interval) {
    this.symbol = symbol;
    this.interval = interval;
    this.seconds = INTERVALS[interval];
    this.#path = pathOf(symbol);
  }

  /** The candles that have changed since the last call, oldest first; null if all are to be drawn anew. */
  takeChanges() {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed === null ? null : this.items.slice(-FRESH).filter(item => changed.has(item.time));
  }

  /** Load the newest page. Returns whether there is a history to load. */
  async load() {
    const page = await this.#page(`limit=${PAGE}`);
    if (page === null) return false;
    this.#cursor = page.nextCursor;
    this.#merge(page.items);
    return true;
  }

  /** Load the page before the oldest candle; once, however often it is asked for meanwhile. Returns whether there was one. */
  loadOlder() {
    this.#older ??= this.#after(() => this.#loadOlder()).finally(() => (this.#older = null));
    return this.#older;
  }

  /** Replace the newest candles by what the service has of them: with their volumes, and every high and low. */
  refresh() {
    return this.#after(() => this.#refresh());
  }

  /** Take a price of the stream into the newest candle. */
  take(time, price) {
    const start = Math.floor(time / 1000 / this.seconds) * this.seconds;
    this.digits = Math.max(this.digits, digitsOf(price));
    const last = this.items.at(-1);
    if (last === undefined || start > last.time) {
      this.items.push({ time: start, open: price, high: price, low: price, close: price, volume: null, count: 0 });
      this.#changed?.add(start);
    } else if (start === last.time) {
      last.close = price;
      last.high = Math.max(last.high, price);
      last.low = Math.min(last.low, price);
      this.#changed?.add(start);
    }
  }

  /** Run one request after the other, as each goes on from the candles that there are. */
  #after(act) {
    this.#last = this.#last.then(act);
    return this.#last;
  }

  async #loadOlder() {
    if (this.#cursor === null) return false;
    const page = await this.#page(`limit=${PAGE}&cursor=${encodeURIComponent(this.#cursor)}`);
    if (page === null) return false;
    this.#cursor = page.nextCursor;
    this.#merge(page.items);
    return page.items.length > 0;
  }

  async #refresh() {
    let page = await this.#page(`limit=${FRESH}`);
    // More may have come than fits, while nobody looked.
    if (page !== null && this.#isApart(page)) {
      page = await this.#page(`limit=${PAGE}`);
      if (page !== null && this.#isApart(page)) {
        this.items = [];
        this.#cursor = page.nextCursor;
      }
    }
    if (page !== null) this.#merge(page.items);
  }

  /** Whether there may be candles between a page and those that are known. */
  #isApart({ items, nextCursor }) {
    return nextCursor !== null && items.length > 0 && Date.parse(items.at(-1).start) / 1000 > this.#stored;
  }

  async #page(query) {
    if (this.#path === null) return null;
    try {
      const answer = await fetch(`${this.#path}/candles?interval=${this.interval}&order=desc&${query}`);
      return answer.ok ? await answer.json() : null;
    } catch {
      // The stream reports a lost connection.
      return null;
    }
  }

  /** given: newest first, as they come. */
  #merge(given) {
    const known = new Map(this.items.map(item => [item.time, item]));
    const before = known.size;
    const newest = this.items.at(-1)?.time ?? -Infinity;
    let holes = given.length > FRESH;
    for (const item of given) {
      const candle = candleOf(item);
      const same = known.get(candle.time);
      if (same !== undefined && same.count === candle.count) continue;
      for (const price of [candle.high, candle.low, candle.close]) this.digits = Math.max(this.digits, digitsOf(price));
      holes ||= same === undefined && candle.time < newest;
      known.set(candle.time, candle);
      this.#changed?.add(candle.time);
      this.#stored = Math.max(this.#stored, candle.time);
    }
    this.items = [...known.values()].sort((one, other) => one.time - other.time);
    if (holes && known.size > before) this.#changed = null;
  }
}

const candleOf = ({ start, open, high, low, close, volume, count }) => ({
  time: Date.parse(start) / 1000, open, high, low, close, volume, count,
});

/** The candles of a symbol at the interval that shows most of it: minutes, or seconds where there are few minutes. */
export async function fitting(symbol) {
  const minutes = new Candles(symbol, "1m");
  await minutes.load();
  if (minutes.items.length >= ENOUGH) return minutes;
  const seconds = new Candles(symbol, "1s");
  await seconds.load();
  return seconds;
}

/** The simple moving average at a candle: the mean of its close and of those before it, `length` in all; NaN if fewer. */
export function averageAt(items, at, length) {
  if (at < length - 1) return NaN;
  let sum = 0;
  for (let i = at - length + 1; i <= at; i++) sum += items[i].close;
  return sum / length;
}
