// The trades: the statistics of every symbol, and the last executions of the one that is looked at.

const KEPT_MAX = 1000;
// The stream is behind the store by less.
const LATE_MS = 2000;
// Marks the subscription to single trades.
const ID = "executions";

export class Flow {
  // By symbol, as of the live stream.
  statistics = new Map();
  // Of `symbol`, newest first.
  executions = [];
  symbol = null;
  // Incremented when anything of the symbol that is looked at has changed.
  version = 0;
  #desk;
  // What is received while the stored ones are fetched; null if they are not.
  #arrived = null;
  // Trades that are stored and may still be received: how many of each.
  #stored = new Map();
  #storedUntil = 0;

  constructor(desk) {
    this.#desk = desk;
    desk.on("snapshot", ({ trades }) => trades && this.#take(trades));
    desk.on("trades", ({ trades }) => this.#take(trades));
    desk.on("execution", ({ execution }) => this.#add(execution));
    desk.on("choose", () => this.#look());
    desk.on("settled", () => this.#look(true));
    desk.on("gap", ({ executions }) => executions && this.#fetch());
  }

  get current() {
    return this.statistics.get(this.#desk.symbol);
  }

  #take(trades) {
    for (const each of trades) {
      this.statistics.set(each.symbol, each);
      if (each.symbol === this.#desk.symbol) this.version += 1;
    }
    // A service may have trades and no prices.
    if (this.#desk.symbol === null && this.#desk.market.rows.size === 0 && trades.length > 0) this.#desk.choose(trades[0].symbol);
    this.#look();
  }

  /** Watch the trades of the symbol that is looked at, one by one. again: even if they were watched before. */
  #look(again = false) {
    const symbol = this.current === undefined ? null : this.#desk.symbol;
    if (symbol === this.symbol && !again) return;
    if (this.symbol !== null && symbol !== this.symbol) this.#desk.say({ op: "unsubscribe", id: ID, symbols: [this.symbol], channels: ["executions"] });
    this.symbol = symbol;
    this.executions = [];
    this.version += 1;
    if (symbol === null) return;
    this.#desk.say({ op: "subscribe", id: ID, symbols: [symbol], channels: ["executions"] });
    this.#fetch();
  }

  #add(execution) {
    if (execution.symbol !== this.symbol) return;
    if (this.#arrived !== null) {
      this.#arrived.push(execution);
      return;
    }
    const key = keyOf(execution);
    const stored = performance.now() < this.#storedUntil ? (this.#stored.get(key) ?? 0) : 0;
    if (stored > 0) {
      this.#stored.set(key, stored - 1);
      return;
    }
    this.executions.unshift(execution);
    this.executions.length = Math.min(this.executions.length, KEPT_MAX);
    this.version += 1;
  }

  async #fetch() {
    const { symbol } = this;
    const path = pathOf(symbol);
    if (this.#desk.hasHistory === false || path === null) return;
    const arrived = (this.#arrived = []);
    let items = [];
    try {
      const answer = await fetch(`${path}/history?order=desc&limit=${KEPT_MAX}`);
      if (answer.ok) ({ items } = await answer.json());
    } catch {}  // The stream reports a lost connection.
    // Otherwise another one has begun since.
    if (this.#arrived !== arrived) return;
    this.#arrived = null;
    if (symbol !== this.symbol) return;
    this.executions = items;
    this.#stored.clear();
    this.#storedUntil = performance.now() + LATE_MS;
    for (const each of items) this.#stored.set(keyOf(each), (this.#stored.get(keyOf(each)) ?? 0) + 1);
    this.version += 1;
    for (const each of arrived) this.#add(each);
  }
}

const keyOf = ({ timestamp, side, quantity, price, venue, latencyMicros, id }) => [timestamp, side, quantity, price, venue, latencyMicros, id].join();

/** The path of the trades of a symbol in the API; null for names that a path cannot hold. */
export const pathOf = symbol => (symbol === "." || symbol === ".." ? null : `api/trades/${encodeURIComponent(symbol)}`);
