// The list of moves, newest first.

import { markOf } from "../chart/marks.js";
import { addressOf } from "../desk.js";
import * as format from "../format.js";
import { h, select, toggle, write } from "../shell/dom.js";

// A move is announced when it has not changed for this long.
const OVER_MS = 1500;
const PAGE = 100;
const SEVERITIES = ["medium", "high", "critical"];

class MoveList {
  #desk;
  #feed = h("ol", { id: "feed", "aria-label": "Moves, newest first" });
  #none = h("p", { id: "none", class: "hint" }, "No move so far. A move is a change of price beyond the threshold within the window, ±2% in a second unless the service is set up otherwise.");
  #aloud = h("p", { id: "aloud", class: "unseen", role: "status" });
  #older = h("button", { type: "button", class: "more", onclick: () => this.#fetchOlder() }, "Older moves");
  #items = new Map();
  #going = new Map();
  #drawn = "";
  #shown = PAGE;
  #onlyOne = false;
  #least = "medium";
  #zones = 0;

  constructor(desk) {
    this.#desk = desk;
    desk.on("move", move => this.#going.set(move, performance.now()));
    desk.on("zone", () => (this.#zones += 1));
    this.#feed.addEventListener("click", event => this.#open(event));
    this.element = h("section", { id: "spikes", "aria-label": "Moves", tabindex: -1 },
      h("div", { class: "bar tools" },
        toggle("This symbol", false, on => (this.#onlyOne = on)),
        select("Least severity", SEVERITIES.map(name => [name, name === "critical" ? name : `${name} and above`]), this.#least, value => (this.#least = value))),
      this.#none,
      h("div", { class: "scroll" }, this.#feed, this.#older),
      this.#aloud);
  }

  draw() {
    this.#say();
    const { moves, symbol } = this.#desk;
    const drawn = [moves.version, this.#onlyOne && symbol, this.#least, this.#shown, this.#zones].join();
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const least = SEVERITIES.indexOf(this.#least);
    const matching = moves.all().filter(move => SEVERITIES.indexOf(move.severity) >= least && (!this.#onlyOne || move.symbol === symbol));
    const newest = matching.slice(-this.#shown).reverse();
    let place = this.#feed.firstChild;
    for (const move of newest) {
      let item = this.#items.get(move);
      if (item === undefined) {
        item = view(move);
        this.#items.set(move, item);
      }
      fill(item, move);
      if (item === place) place = place.nextSibling;
      else this.#feed.insertBefore(item, place);
    }
    const kept = new Set(newest);
    for (const [move, item] of this.#items) {
      if (kept.has(move)) continue;
      item.remove();
      this.#items.delete(move);
    }
    this.#none.hidden = newest.length > 0;
  }

  #say() {
    const now = performance.now();
    for (const [move, touched] of this.#going) {
      if (now - touched < OVER_MS) continue;
      this.#going.delete(move);
      write(this.#aloud, `${move.symbol} ${move.direction} ${format.percent(move.percent)}, ${move.severity}`);
    }
  }

  #open(event) {
    const item = event.target.closest("li");
    if (item === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const move = this.#desk.moves.get(item.dataset.id);
    location.hash = addressOf(move.symbol);
    this.#desk.choose(move.symbol, markOf(move));
    for (const each of this.#feed.querySelectorAll("[aria-current]")) each.removeAttribute("aria-current");
    item.firstChild.setAttribute("aria-current", "true");
  }

  async #fetchOlder() {
    this.#older.disabled = true;
    this.#shown += PAGE;
    const of = this.#onlyOne ? `&symbol=${encodeURIComponent(this.#desk.symbol)}` : "";
    const [oldest] = this.#onlyOne ? this.#desk.moves.of(this.#desk.symbol) : this.#desk.moves.all();
    // Of those at one moment some may be known and others not.
    const to = oldest === undefined ? "" : `&to=${oldest.at + 1}`;
    const { version } = this.#desk.moves;
    try {
      const answer = await fetch(`api/moves?limit=${PAGE}${of}${to}`);
      const { items } = answer.ok ? await answer.json() : { items: [] };
      for (const item of items) this.#desk.moves.take(item);
      write(this.#older, this.#desk.moves.version > version ? "Older moves" : "No older ones");
    } catch {}  // The stream reports a lost connection.
    this.#older.disabled = false;
  }
}

function view(move) {
  const parts = ["severity", "percent", "symbol", "prices", "ticks", "when"].map(name => h("span", { class: name }));
  return h("li", { "data-id": move.id, "data-direction": move.direction }, h("a", { href: addressOf(move.symbol) }, ...parts));
}

function fill(item, move) {
  const [severity, percent, symbol, prices, ticks, when] = item.firstChild.children;
  const digits = Math.max(format.digitsOf(move.from), format.digitsOf(move.to));
  item.dataset.severity = move.severity;
  write(severity, move.severity);
  write(percent, `${format.arrow(move.percent)} ${format.percent(move.percent)}`);
  write(symbol, move.symbol);
  write(prices, `${format.price(move.from, digits)} → ${format.price(move.to, digits)}`);
  write(ticks, move.count > 1 ? format.counted(move.count, "tick") : "");
  write(when, format.moment(move.at));
}

export const moves = { id: "moves", title: "Moves", place: "dock", open: desk => new MoveList(desk) };
