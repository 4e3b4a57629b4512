// The table of symbols. Only visible rows exist, so thousands of symbols draw as fast as thirty.

import * as format from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
const ROW_PX = 34;
const SPARE_ROWS = 6;
const SORT_MS = 1000;
// The order is frozen for this long after keyboard or pointer input.
const HANDS_OFF_MS = 2000;
const TREND_POINTS = 60;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Table {
  #market;
  #scroller;
  #body;
  #shown;
  #filter = "";
  #key = "symbol";
  #sign = 1;
  #order = [];
  #sorted = -Infinity;
  #version = -1;
  #chosen = null;
  #drawn = [];
  // The focused symbol, visible or not.
  #focused = null;
  #touched = -Infinity;
  #moving = false;
  #above = spacer();
  #below = spacer();

  constructor(market, { scroller, body, filter, heads, shown }) {
    this.#market = market;
    this.#scroller = scroller;
    this.#body = body;
    this.#shown = shown;
    body.append(this.#above, this.#below);
    scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(scroller);
    filter.addEventListener("input", () => {
      this.#filter = filter.value.trim().toUpperCase();
      scroller.scrollTop = 0;
      this.#sort();
      this.draw();
    });
    for (const head of heads) head.querySelector("button")?.addEventListener("click", () => this.#sortBy(head, heads));
    scroller.addEventListener("keydown", event => this.#key_(event));
    for (const kind of ["keydown", "pointermove"]) scroller.addEventListener(kind, () => (this.#touched = performance.now()));
    scroller.addEventListener("focusin", event => {
      this.#focused = event.target.closest("tr[data-symbol]")?.dataset.symbol ?? this.#focused;
    });
    scroller.addEventListener("focusout", event => {
      if (!scroller.contains(event.relatedTarget) && !this.#moving) this.#focused = null;
    });
  }

  /** The rows in display order. */
  get order() {
    return this.#order;
  }

  choose(symbol) {
    this.#chosen = symbol;
    this.draw();
  }

  draw(serverNow = this.serverNow ?? Date.now()) {
    this.serverNow = serverNow;
    const now = performance.now();
    // An order that changes with every price cannot be read or clicked.
    const stale = this.#key !== "symbol" && now - this.#sorted > SORT_MS && now - this.#touched > HANDS_OFF_MS;
    if (stale || this.#version !== this.#market.version) this.#sort();
    const { scrollTop, clientHeight } = this.#scroller;
    const first = Math.max(0, Math.floor(scrollTop / ROW_PX) - SPARE_ROWS);
    const last = Math.min(this.#order.length, Math.ceil((scrollTop + clientHeight) / ROW_PX) + SPARE_ROWS);
    this.#above.firstChild.style.height = `${first * ROW_PX}px`;
    this.#below.firstChild.style.height = `${(this.#order.length - last) * ROW_PX}px`;
    while (this.#drawn.length > last - first) this.#drawn.pop().element.remove();
    const inSight = this.#order.slice(first, last);
    // Roving tabindex: one row is a tab stop, the arrows reach the others.
    const stop = [this.#focused, this.#chosen].find(symbol => inSight.some(row => row.symbol === symbol)) ?? inSight[0]?.symbol;
    inSight.forEach((row, i) => {
      const view = (this.#drawn[i] ??= this.#add());
      view.show(row, first + i, this.#chosen, serverNow);
      view.link.tabIndex = row.symbol === stop ? 0 : -1;
    });
    this.#keepFocus();
  }

  /** Rows are reused for other symbols: focus follows its symbol, or waits on the scroller while it is out of view. */
  #keepFocus() {
    if (this.#focused === null || !this.#scroller.contains(document.activeElement)) return;
    const view = this.#drawn.find(each => each.element.dataset.symbol === this.#focused);
    const target = view?.link ?? this.#scroller;
    if (document.activeElement !== target) {
      this.#moving = true;
      target.focus({ preventScroll: true });
      this.#moving = false;
    }
  }

  #add() {
    const view = new RowView();
    this.#below.before(view.element);
    return view;
  }

  #sort() {
    this.#version = this.#market.version;
    this.#sorted = performance.now();
    const key = this.#key;
    const rows = [...this.#market.rows.values()].filter(row => row.symbol.includes(this.#filter));
    const by = (one, other) => (one[key] < other[key] ? -1 : one[key] > other[key] ? 1 : 0);
    this.#order = rows.sort((one, other) => this.#sign * by(one, other) || (one.symbol < other.symbol ? -1 : 1));
    const all = this.#market.rows.size;
    this.#body.parentElement.setAttribute("aria-rowcount", `${rows.length + 1}`);
    this.#shown.textContent = rows.length < all ? `${format.count(rows.length)} of ${format.count(all)}` : format.count(all);
  }

  #sortBy(head, heads) {
    const key = head.dataset.key;
    // Names start ascending, numbers descending.
    this.#sign = key === this.#key ? -this.#sign : key === "symbol" ? 1 : -1;
    this.#key = key;
    for (const each of heads) each.removeAttribute("aria-sort");
    // The column shows ages, which rise as times fall.
    const rises = key === "time" ? this.#sign < 0 : this.#sign > 0;
    head.setAttribute("aria-sort", rises ? "ascending" : "descending");
    this.#sort();
    this.draw();
  }

  #key_(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || this.#focused === null) return;
    event.preventDefault();
    const at = this.#order.findIndex(row => row.symbol === this.#focused);
    this.focus(Math.max(0, Math.min(this.#order.length - 1, at + step)));
  }

  focus(at) {
    if (this.#order.length === 0) return;
    const { scrollTop, clientHeight } = this.#scroller;
    const head = this.#body.parentElement.tHead.offsetHeight;
    if (at * ROW_PX < scrollTop) this.#scroller.scrollTop = at * ROW_PX;
    else if ((at + 1) * ROW_PX + head > scrollTop + clientHeight) this.#scroller.scrollTop = (at + 1) * ROW_PX + head - clientHeight;
    this.#focused = this.#order[at].symbol;
    this.#scroller.focus({ preventScroll: true });
    this.draw();
    document.activeElement.scrollIntoView({ block: "nearest" });
  }
}

class RowView {
  #row = null;
  #moved = 0;
  #trendOf = "";
  #cells = {};

  constructor() {
    this.element = document.createElement("tr");
    const symbol = document.createElement("th");
    symbol.scope = "row";
    this.link = document.createElement("a");
    symbol.append(this.link);
    this.element.append(symbol);
    for (const [name, kind] of [
      ["price", "number"],
      ["change", "number"],
      ["spark", "spark"],
      ["average", "number wide"],
      ["min", "number wide"],
      ["max", "number wide"],
      ["count", "number wide"],
      ["age", "number"],
    ]) {
      const cell = document.createElement("td");
      cell.className = kind;
      cell.dataset.cell = name;
      this.#cells[name] = cell;
      this.element.append(cell);
    }
    const spark = document.createElementNS(SVG, "svg");
    spark.setAttribute("viewBox", "0 0 60 20");
    spark.setAttribute("preserveAspectRatio", "none");
    spark.setAttribute("aria-hidden", "true");
    spark.append(document.createElementNS(SVG, "polyline"));
    this.#cells.spark.append(spark);
  }

  show(row, at, chosen, now) {
    const cells = this.#cells;
    if (row !== this.#row) {
      this.#row = row;
      this.#moved = row.moved;
      this.element.dataset.symbol = row.symbol;
      this.link.textContent = this.link.title = row.symbol;
      this.link.href = `#/${encodeURIComponent(row.symbol)}`;
      for (const animation of cells.price.getAnimations()) animation.cancel();
    }
    this.element.setAttribute("aria-rowindex", at + 2);
    if (row.symbol === chosen) this.link.setAttribute("aria-current", "true");
    else this.link.removeAttribute("aria-current");
    write(cells.price, `${format.arrow(row.direction)} ${format.price(row.price, row.digits)}`, row.direction);
    write(cells.change, format.percent(row.change), format.sign(row.change));
    write(cells.average, format.average(row.average, row.digits));
    write(cells.min, format.price(row.min, row.digits));
    write(cells.max, format.price(row.max, row.digits));
    write(cells.count, format.count(row.count));
    write(cells.age, format.age(now - row.time));
    this.#trend(row);
    if (row.moved !== this.#moved) {
      this.#moved = row.moved;
      flash(cells.price, row.direction);
    }
  }

  #trend(row) {
    const key = `${row.symbol} ${row.count}`;
    if (key === this.#trendOf) return;
    this.#trendOf = key;
    const points = [...row.history()].slice(-TREND_POINTS);
    const prices = points.map(point => point.price);
    const low = Math.min(...prices);
    const high = Math.max(...prices);
    const y = price => (high > low ? 18 - ((price - low) / (high - low)) * 16 : 10).toFixed(1);
    const x = i => (points.length > 1 ? (i / (points.length - 1)) * 60 : 60).toFixed(1);
    const line = prices.length > 1 ? prices.map((price, i) => `${x(i)},${y(price)}`).join(" ") : "0,10 60,10";
    this.#cells.spark.firstChild.firstChild.setAttribute("points", line);
  }
}

function write(cell, text, direction) {
  if (cell.textContent !== text) cell.textContent = cell.title = text;
  if (direction !== undefined && cell.dataset.direction !== `${direction}`) cell.dataset.direction = `${direction}`;
}

function flash(cell, direction) {
  if (still.matches || direction === 0) return;
  for (const animation of cell.getAnimations()) animation.cancel();
  const colour = getComputedStyle(cell).getPropertyValue(direction > 0 ? "--up-flash" : "--down-flash");
  cell.animate([{ backgroundColor: colour }, { backgroundColor: "transparent" }], { duration: 350, easing: "ease-out" });
}

function spacer() {
  const row = document.createElement("tr");
  row.className = "spacer";
  row.setAttribute("aria-hidden", "true");
  const cell = document.createElement("td");
  row.append(cell);
  return row;
}
