// The anomaly feed. Every tick beyond the threshold is an anomaly, so one jump makes many. Anomalies of one symbol and
// direction that follow each other within a second are shown as one move, with its peak and its number of ticks.

import * as format from "./format.js";

const TOGETHER_MS = 1000;
const LONGEST_MS = 10_000;
// A move is over, and announced, when nothing was added to it for this long.
const OVER_MS = 1500;
const SHOWN_MAX = 100;
const KEPT_MAX = 2000;
const SEEN_MAX = 50_000;

export class Spikes {
  // Sorted by the time of their peak, oldest first, when drawn.
  moves = [];
  #latest = new Map();
  #seen = new Set();
  #feed;
  #none;
  #items = new Map();
  #dirty = new Set();
  #aloud;
  #going = new Map();

  /** aloud: a live region, read out by screen readers. */
  constructor(feed, none, aloud) {
    this.#feed = feed;
    this.#none = none;
    this.#aloud = aloud;
  }

  /** Add a page of anomalies, newest first. whole: false if older ones are missing. */
  takePage(items, whole) {
    const taken = [];
    const oldest = items.length > 0 ? Date.parse(items.at(-1).detectedAt) : 0;
    const cut = new Map();
    for (const anomaly of items.toReversed()) {
      const at = Date.parse(anomaly.detectedAt);
      const key = `${anomaly.symbol} ${anomaly.direction}`;
      // Without its start, a move would look smaller than it was.
      if (!whole && at - (cut.get(key) ?? oldest) <= TOGETHER_MS) cut.set(key, at);
      else taken.push(this.take(anomaly));
    }
    return taken.filter(move => move !== null);
  }

  /** Add an anomaly from the live stream. */
  takeLive(anomaly) {
    const move = this.take(anomaly);
    if (move !== null) this.#going.set(move, performance.now());
    return move;
  }

  /** Add an anomaly, in any order. Returns its move, or null for a duplicate. */
  take(anomaly) {
    if (this.#seen.has(anomaly.id)) return null;
    this.#seen.add(anomaly.id);
    if (this.#seen.size > SEEN_MAX) this.#seen = new Set([...this.#seen].slice(-SEEN_MAX / 2));
    const at = Date.parse(anomaly.detectedAt);
    const { symbol, direction } = anomaly;
    const key = `${symbol} ${direction}`;
    const near = move =>
      at >= move.first - TOGETHER_MS &&
      at <= move.last + TOGETHER_MS &&
      Math.max(at, move.last) - Math.min(at, move.first) <= LONGEST_MS;
    let move = this.#latest.get(key);
    if (move === undefined || !near(move)) {
      move = this.moves.find(each => each.symbol === symbol && each.direction === direction && near(each));
    }
    if (move === undefined) {
      move = { symbol, direction, first: at, last: at, at, count: 0, percent: 0 };
      this.moves.push(move);
    }
    if (at >= (this.#latest.get(key)?.last ?? 0)) this.#latest.set(key, move);
    move.first = Math.min(move.first, at);
    move.last = Math.max(move.last, at);
    move.count += 1;
    if (Math.abs(anomaly.changePercent) > Math.abs(move.percent)) {
      move.at = at;
      move.percent = anomaly.changePercent;
      move.severity = anomaly.severity;
      move.from = anomaly.referencePrice;
      move.to = anomaly.newPrice;
    }
    this.#dirty.add(move);
    return move;
  }

  of(symbol) {
    return this.moves.filter(move => move.symbol === symbol);
  }

  draw() {
    this.#say();
    if (this.#dirty.size === 0) return;
    this.moves.sort((one, other) => one.at - other.at);
    if (this.moves.length > KEPT_MAX) this.moves.splice(0, KEPT_MAX / 2);
    const newest = this.moves.slice(-SHOWN_MAX).reverse();
    let place = this.#feed.firstChild;
    for (const move of newest) {
      let item = this.#items.get(move);
      if (item === undefined) {
        item = document.createElement("li");
        this.#items.set(move, item);
      }
      if (this.#dirty.has(move)) fill(item, move);
      if (item === place) place = place.nextSibling;
      else this.#feed.insertBefore(item, place);
    }
    this.#dirty.clear();
    const shown = new Set(newest);
    for (const [move, item] of this.#items) {
      if (!shown.has(move)) {
        item.remove();
        this.#items.delete(move);
      }
    }
    this.#none.hidden = this.#items.size > 0;
  }

  #say() {
    const now = performance.now();
    for (const [move, touched] of this.#going) {
      if (now - touched < OVER_MS) continue;
      this.#going.delete(move);
      this.#aloud.textContent = `${move.symbol} ${move.direction} ${format.percent(move.percent)}, ${move.severity}`;
    }
  }
}

function fill(item, move) {
  if (item.firstChild === null) {
    const link = document.createElement("a");
    link.href = `#/${encodeURIComponent(move.symbol)}`;
    for (const name of ["severity", "percent", "symbol", "prices", "ticks", "when"]) {
      const part = document.createElement("span");
      part.className = name;
      link.append(part, " ");
    }
    item.append(link);
  }
  const parts = Object.fromEntries([...item.firstChild.children].map(part => [part.className, part]));
  item.dataset.severity = move.severity;
  item.dataset.direction = move.direction;
  item.dataset.at = move.at;
  write(parts.severity, move.severity);
  write(parts.percent, `${format.arrow(move.percent)} ${format.percent(move.percent)}`);
  write(parts.symbol, move.symbol);
  write(parts.prices, `${format.short(move.from)} → ${format.short(move.to)}`);
  parts.prices.title = `${move.from} → ${move.to}`;
  write(parts.ticks, move.count > 1 ? `×${format.count(move.count)}` : "");
  parts.ticks.title = `${format.count(move.count)} ticks`;
  write(parts.when, format.moment(move.at));
}

function write(part, text) {
  if (part.textContent !== text) part.textContent = text;
}
