// What a symbol cost a minute, an hour and a day before its newest tick.
//
// The stream has the last two minutes; the rest is one small request for a symbol and a span, and only for symbols in
// sight, or for all when somebody sorts by the change.

import { pathOf } from "../desk.js";

// Of each span its seconds, and the candles that it is read from, in seconds too.
const SPANS = { "1m": [60, "1s", 1], "1h": [3600, "1m", 60], "1d": [86_400, "15m", 900] };
// A price is asked for again when the newest tick is later by this part of the span.
const STALE_PART = 1 / 30;
const AT_ONCE = 4;
const REST_MS = 10_000;

export const CHANGES = Object.keys(SPANS);

/** The change of a row over a span in percent; NaN if unknown. */
export function change(row, span) {
  const price = span === "1m" ? (row.before(60) ?? row.ago[span]?.price) : row.ago[span]?.price;
  return price === undefined || price === null ? NaN : (row.price / price - 1) * 100;
}

export class Changes {
  #desk;
  #wanted = new Map();
  #running = 0;
  #restUntil = 0;

  constructor(desk) {
    this.#desk = desk;
  }

  /** Ask for what is unknown or outdated of the rows in sight, and of all rows for the span that they are sorted by.

  What was asked for before and has not begun is dropped.
   */
  want(inSight, spans, all, sortedBy) {
    this.#wanted.clear();
    if (!this.#desk.hasHistory || performance.now() < this.#restUntil) return;
    for (const span of spans) this.#add(inSight, span);
    if (CHANGES.includes(sortedBy)) this.#add(all, sortedBy);
    while (this.#running < AT_ONCE && this.#wanted.size > 0) this.#run();
  }

  #add(rows, span) {
    for (const row of rows) if (isStale(row, span)) this.#wanted.set(`${span} ${row.symbol}`, [row, span]);
  }

  async #run() {
    this.#running += 1;
    while (this.#wanted.size > 0) {
      const [key, [row, span]] = this.#wanted.entries().next().value;
      this.#wanted.delete(key);
      await this.#fetch(row, span);
    }
    this.#running -= 1;
  }

  async #fetch(row, span) {
    const [seconds, interval, width] = SPANS[span];
    const path = pathOf(row.symbol);
    // The last candle that had ended by then.
    const to = row.time - (seconds + width) * 1000 + 1;
    row.ago[span] = { ...row.ago[span], time: row.time };
    if (path === null) return;
    try {
      const answer = await fetch(`${path}/candles?interval=${interval}&order=desc&limit=1&to=${to}`);
      if (!answer.ok) throw new Error(answer.statusText);
      row.ago[span].price = (await answer.json()).items[0]?.close;
    } catch {
      // Busy, or gone: what the table shows is not worth pressing for.
      this.#wanted.clear();
      this.#restUntil = performance.now() + REST_MS;
      delete row.ago[span];
    }
  }
}

function isStale(row, span) {
  if (span === "1m" && row.before(60) !== null) return false;
  const known = row.ago[span];
  return known === undefined || row.time - known.time > SPANS[span][0] * 1000 * STALE_PART;
}
