// The watch list: every symbol, filtered, sorted, grouped, and the favourites among them.

import { Changes, CHANGES } from "../data/changes.js";
import { addressOf } from "../desk.js";
import * as format from "../format.js";
import { h, toggle, write } from "../shell/dom.js";
import { prefer, preference } from "../shell/preferences.js";
import { matches, wordsOf } from "../words.js";
import { spansOf } from "./columns.js";
import { grouped, sorted } from "./order.js";
import { Table } from "./table.js";

const SORT_MS = 1000;
// The order is frozen for this long after keyboard or pointer input.
const HANDS_OFF_MS = 2000;
const WANT_MS = 1000;

class Watchlist {
  #desk;
  #changes;
  #table;
  #filter = h("input", {
    id: "filter", type: "search", placeholder: "Filter", "aria-label": "Filter symbols", "aria-keyshortcuts": "/",
    autocomplete: "off", spellcheck: "false",
  });
  #shown = h("span", { id: "shown", role: "status" });
  #empty = h("p", { id: "no-match", class: "hint", hidden: true });
  #words = [];
  #order = preference("order", ["symbol", 1]);
  #onlyFavourites = false;
  #isGrouped = preference("grouped", false);
  #folded = new Set(preference("folded", []));
  #sortedAt = -Infinity;
  #wantedAt = -Infinity;
  #version = -1;
  #revealing = true;

  constructor(desk) {
    this.#desk = desk;
    this.#changes = new Changes(desk);
    this.#table = new Table({
      sort: key => this.#sortBy(key),
      star: symbol => this.#star(symbol),
      fold: group => this.#fold(group),
      headings: () => this.#order,
    });
    this.#table.favourites = new Set(preference("favourites", []));
    this.#filter.addEventListener("input", () => {
      this.#words = wordsOf(this.#filter.value);
      this.#table.element.scrollTop = 0;
      this.#sort();
    });
    this.#filter.addEventListener("keydown", event => this.#filterKey(event));
    desk.on("choose", symbol => {
      this.#table.chosen = symbol;
      this.#revealing = true;
    });
    desk.on("favourites", () => {
      this.#table.favourites = new Set(preference("favourites", []));
      this.#sort();
    });
    this.element = h("section", { id: "prices", "aria-labelledby": "prices-title", tabindex: -1 },
      h("div", { class: "bar" },
        h("h2", { id: "prices-title" }, "Prices"),
        this.#filter,
        toggle("★", false, on => this.#only(on), { title: "Only favourites", "aria-label": "Only favourites" }),
        toggle("Group", this.#isGrouped, on => this.#group(on), { title: "Group by what stands before the colon, such as the exchange" }),
        this.#shown),
      this.#table.element,
      this.#empty,
      h("p", { id: "keys", class: "hint" },
        h("kbd", {}, "/"), " filter, ", h("kbd", {}, "↑"), " ", h("kbd", {}, "↓"), " move, ", h("kbd", {}, "Enter"), " chart, ",
        h("kbd", {}, "F"), " favourite, ", h("kbd", {}, "?"), " all keys"));
  }

  get filter() {
    return this.#filter;
  }

  /** Focus the first row. */
  focus() {
    this.#table.focus(0);
  }

  draw(now) {
    const { market } = this.#desk;
    const time = performance.now();
    // An order that changes with every price cannot be read or clicked.
    const stale = this.#order[0] !== "symbol" && time - this.#sortedAt > SORT_MS && time - this.#table.touched > HANDS_OFF_MS;
    if (this.#version !== market.version || !this.#table.isMeasured) this.#table.measure([...market.rows.values()], now);
    if (stale || this.#version !== market.version) this.#sort();
    if (this.#revealing) this.#reveal();
    this.#table.draw(now);
    if (time - this.#wantedAt > WANT_MS) this.#want(time);
  }

  #want(time) {
    this.#wantedAt = time;
    this.#changes.want(this.#table.shown, this.#table.isTall ? CHANGES : spansOf(this.#table.columns), this.#desk.market.rows.values(), this.#order[0]);
  }

  #reveal() {
    const at = this.#table.items.findIndex(row => row.symbol === this.#desk.symbol);
    if (at < 0) return;
    this.#revealing = false;
    this.#table.reveal(at);
  }

  #sort() {
    const { rows, version } = this.#desk.market;
    this.#version = version;
    this.#sortedAt = performance.now();
    const { favourites } = this.#table;
    const listed = [...rows.values()].filter(({ symbol }) => matches(symbol, this.#words) && (!this.#onlyFavourites || favourites.has(symbol)));
    const ordered = sorted(listed, ...this.#order);
    this.#table.set(this.#isGrouped ? grouped(ordered, this.#folded) : ordered);
    write(this.#shown, listed.length < rows.size ? `${format.count(listed.length)} of ${format.count(rows.size)}` : format.count(rows.size));
    this.#empty.hidden = listed.length > 0 || rows.size === 0;
    write(this.#empty, this.#words.length > 0 ? `No symbol has “${this.#filter.value.trim()}” in it.` : "No favourites yet: click a star, or press F on a symbol.");
    this.#table.draw();
  }

  #sortBy(key) {
    const [before, sign] = this.#order;
    // Names start ascending, numbers descending.
    this.#order = [key, key === before ? -sign : key === "symbol" ? 1 : -1];
    prefer("order", this.#order);
    this.#table.showOrder();
    this.#wantedAt = -Infinity;
    this.#sort();
  }

  #star(symbol) {
    const { favourites } = this.#table;
    if (!favourites.delete(symbol)) favourites.add(symbol);
    prefer("favourites", [...favourites]);
    this.#desk.tell("favourites");
  }

  #only(on) {
    this.#onlyFavourites = on;
    this.#sort();
  }

  #group(on) {
    this.#isGrouped = on;
    prefer("grouped", on);
    this.#sort();
  }

  #fold(group) {
    if (!this.#folded.delete(group)) this.#folded.add(group);
    prefer("folded", [...this.#folded]);
    this.#sort();
  }

  #filterKey(event) {
    const first = this.#table.items.find(item => item.symbol !== undefined);
    if (event.key === "Escape") {
      this.#filter.value = "";
      this.#filter.dispatchEvent(new Event("input"));
      this.#filter.blur();
    } else if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      this.focus();
      if (event.key === "Enter" && first !== undefined) location.hash = addressOf(first.symbol);
    }
  }
}

export const watchlist = { id: "prices", title: "Prices", place: "side", open: desk => new Watchlist(desk) };
