// The lowest and highest price of a symbol in the day before its newest tick, and its volume.

import { pathOf } from "../desk.js";

const DAY_MS = 86_400_000;
const INTERVAL = "15m";
const PAGE = 100;
const FRESH_MS = 10_000;

export class Day {
  #desk;
  #symbol = null;
  #found = null;
  #askedAt = -Infinity;

  constructor(desk) {
    this.#desk = desk;
  }

  /** What is known of a row: { low, high, volume (null if unknown) }, or null. Asks for it if that was long ago. */
  of(row) {
    if (row.symbol !== this.#symbol) [this.#symbol, this.#found, this.#askedAt] = [row.symbol, null, -Infinity];
    if (this.#desk.hasHistory && performance.now() - this.#askedAt > FRESH_MS) this.#ask(row);
    if (this.#found === null) return null;
    // The stream is ahead of what was asked for.
    this.#found.low = Math.min(this.#found.low, row.price);
    this.#found.high = Math.max(this.#found.high, row.price);
    return this.#found;
  }

  async #ask({ symbol, time }) {
    this.#askedAt = performance.now();
    const path = pathOf(symbol);
    if (path === null) return;
    try {
      const answer = await fetch(`${path}/candles?interval=${INTERVAL}&order=desc&limit=${PAGE}&from=${time - DAY_MS}`);
      if (!answer.ok || symbol !== this.#symbol) return;
      const { items } = await answer.json();
      const volumes = items.map(item => item.volume).filter(volume => volume !== null);
      this.#found = items.length === 0 ? null : {
        low: Math.min(...items.map(item => item.low)),
        high: Math.max(...items.map(item => item.high)),
        volume: volumes.length === 0 ? null : volumes.reduce((sum, volume) => sum + volume, 0),
      };
    } catch {
      // The stream reports a lost connection.
    }
  }
}
