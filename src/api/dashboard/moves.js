// The feed of moves: what the service counts as one event, however many of its ticks were spikes.

import * as format from "./format.js";

// A move is announced when it has not changed for this long.
const OVER_MS = 1500;
const SHOWN_MAX = 100;
const KEPT_MAX = 2000;

export class Moves {
  // Sorted by their start, oldest first, when drawn.
  moves = [];
  #byId = new Map();
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

  /** Add a move from the live stream. */
  takeLive(given) {
    const move = this.take(given);
    this.#going.set(move, performance.now());
    return move;
  }

  /** Add a move as of now, or update it. */
  take(given) {
    let move = this.#byId.get(given.id);
    if (move === undefined) {
      move = { id: given.id, symbol: given.symbol, direction: given.direction, at: Date.parse(given.startedAt), count: 0 };
      this.#byId.set(given.id, move);
      this.moves.push(move);
    }
    // An answer may be older than what the stream has said since.
    if (given.count >= move.count) {
      move.count = given.count;
      move.percent = given.peakPercent;
      move.severity = given.severity;
      move.from = given.referencePrice;
      move.to = given.peakPrice;
      this.#dirty.add(move);
    }
    return move;
  }

  /** Write the times anew, after the zone has changed. */
  rewrite() {
    for (const move of this.#items.keys()) this.#dirty.add(move);
  }

  of(symbol) {
    return this.moves.filter(move => move.symbol === symbol);
  }

  draw() {
    this.#say();
    if (this.#dirty.size === 0) return;
    this.moves.sort((one, other) => one.at - other.at);
    if (this.moves.length > KEPT_MAX) {
      for (const move of this.moves.splice(0, KEPT_MAX / 2)) this.#byId.delete(move.id);
    }
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
