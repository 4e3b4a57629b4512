// The virtual table: only the rows in sight exist, so thousands of symbols draw as fast as thirty.

import { h } from "../shell/dom.js";
import { fitting, widths } from "./columns.js";
import { GroupView, RowView } from "./row-view.js";

const SPARE_ROWS = 6;
// Rows of this height have two lines.
const TALL_PX = 40;
// Numbers grow longer as they change: what the columns need is looked at this often.
const MEASURE_MS = 5000;

export class Table {
  // Rows of the market and headings of groups, in display order.
  items = [];
  columns = [];
  chosen = null;
  favourites = new Set();
  // When somebody last used the list.
  touched = -Infinity;
  #scroller = h("div", { id: "scroller", tabindex: -1 });
  #cols = h("colgroup");
  #heads = h("tr");
  #body = h("tbody", { id: "rows" });
  #drawn = [];
  // What is focused, visible or not: a symbol, or the name of a group behind a space.
  #focused = null;
  #moving = false;
  #above = spacer();
  #below = spacer();
  #wanted = new Map();
  #measured = -Infinity;
  #rowPx = 34;
  #now = Date.now();
  #shape = "";
  #asked;

  /** asked: callbacks { sort(key), star(symbol), fold(group), headings() -> [key, sign] } */
  constructor(asked) {
    this.#asked = asked;
    this.#body.append(this.#above, this.#below);
    this.#scroller.append(
      h("table", { "aria-labelledby": "prices-title", "aria-describedby": "keys" }, this.#cols, h("thead", {}, this.#heads), this.#body),
    );
    this.#scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => {
      this.#fit();
      this.draw();
    }).observe(this.#scroller);
    this.#scroller.addEventListener("keydown", event => this.#key(event));
    for (const kind of ["keydown", "pointermove"]) this.#scroller.addEventListener(kind, () => (this.touched = performance.now()));
    this.#scroller.addEventListener("focusin", event => {
      this.#focused = nameOf(event.target.closest("tr")) ?? this.#focused;
    });
    this.#scroller.addEventListener("focusout", event => {
      if (!this.#scroller.contains(event.relatedTarget) && !this.#moving) this.#focused = null;
    });
  }

  get element() {
    return this.#scroller;
  }

  /** The rows in sight. */
  get shown() {
    return this.#sight().map(([item]) => item).filter(item => item.group === undefined);
  }

  get isTall() {
    return this.#rowPx >= TALL_PX;
  }

  set(items) {
    this.items = items;
    this.#body.parentElement.setAttribute("aria-rowcount", `${items.length + 1}`);
  }

  /** Work out anew which columns fit. rows: all there are. */
  measure(rows, now) {
    this.#measured = performance.now();
    this.#wanted = widths(rows, now);
    this.#fit();
  }

  get isMeasured() {
    return performance.now() - this.#measured < MEASURE_MS;
  }

  draw(now = this.#now) {
    this.#now = now;
    const sight = this.#sight();
    const first = sight[0]?.[1] ?? 0;
    this.#above.firstChild.style.height = `${first * this.#rowPx}px`;
    this.#below.firstChild.style.height = `${(this.items.length - first - sight.length) * this.#rowPx}px`;
    while (this.#drawn.length > sight.length) this.#drawn.pop().element.remove();
    // Roving tabindex: one row is a tab stop, the arrows reach the others.
    const names = sight.map(([item]) => keyOf(item));
    const stop = [this.#focused, this.chosen].find(name => names.includes(name)) ?? names[0];
    sight.forEach(([item, at], i) => {
      const view = this.#view(i, item);
      view.show(item, { at, chosen: this.chosen, starred: this.favourites.has(item.symbol), now });
      view.target.tabIndex = names[i] === stop ? 0 : -1;
    });
    this.#keepFocus();
  }

  focus(at) {
    if (this.items.length === 0) return;
    this.reveal(at);
    this.#focused = keyOf(this.items[at]);
    this.#scroller.focus({ preventScroll: true });
    this.draw();
    document.activeElement.scrollIntoView({ block: "nearest" });
  }

  /** Scroll a row into sight. */
  reveal(at) {
    const { scrollTop, clientHeight } = this.#scroller;
    const head = this.#heads.offsetHeight;
    const top = at * this.#rowPx;
    if (top < scrollTop) this.#scroller.scrollTop = top;
    else if (top + this.#rowPx + head > scrollTop + clientHeight) this.#scroller.scrollTop = top + this.#rowPx + head - clientHeight;
  }

  #sight() {
    const { scrollTop, clientHeight } = this.#scroller;
    const first = Math.max(0, Math.floor(scrollTop / this.#rowPx) - SPARE_ROWS);
    const last = Math.min(this.items.length, Math.ceil((scrollTop + clientHeight) / this.#rowPx) + SPARE_ROWS);
    return this.items.slice(first, last).map((item, i) => [item, first + i]);
  }

  #view(i, item) {
    const Kind = item.group === undefined ? RowView : GroupView;
    const known = this.#drawn[i];
    if (known instanceof Kind) return known;
    const view = new Kind(this.columns, item.group === undefined ? this.#asked.star : this.#asked.fold, this.isTall);
    if (known === undefined) this.#below.before(view.element);
    else known.element.replaceWith(view.element);
    this.#drawn[i] = view;
    return view;
  }

  /** Rows are reused for other symbols: focus follows its symbol, or waits on the scroller while it is out of sight. */
  #keepFocus() {
    if (this.#focused === null || !this.#holdsFocus()) return;
    const view = this.#drawn.find(each => nameOf(each.element) === this.#focused);
    const target = view?.target ?? this.#scroller;
    if (document.activeElement === target || document.activeElement === view?.star) return;
    this.#moving = true;
    target.focus({ preventScroll: true });
    this.#moving = false;
  }

  /** A row that was removed has taken its focus to the body. */
  #holdsFocus() {
    return this.#scroller.contains(document.activeElement) || document.activeElement === document.body;
  }

  #fit() {
    const width = this.#scroller.clientWidth;
    if (this.#wanted.size === 0 || width === 0) return;
    this.#rowPx = parseFloat(getComputedStyle(this.#scroller).getPropertyValue("--row"));
    const before = this.#shape;
    this.columns = fitting(this.#wanted, width);
    this.#cols.replaceChildren(...this.columns.map(([, px]) => {
      const col = h("col");
      if (px !== null) col.style.width = `${px}px`;
      return col;
    }));
    this.#shape = [this.#rowPx, ...this.columns.map(([{ key }]) => key)].join();
    if (before === this.#shape) return;
    this.#heads.replaceChildren(...this.columns.map(([column]) => this.#head(column)));
    this.showOrder();
    this.#moving = true;
    for (const view of this.#drawn.splice(0)) view.element.remove();
    this.#moving = false;
    this.draw();
  }

  #head({ key, title, about, value }) {
    const button = h("button", { type: "button", title: about, onclick: () => this.#asked.sort(key) }, title);
    const kind = key === "spark" ? "spark" : key === "symbol" ? null : "number";
    return h("th", { scope: "col", "data-key": key, class: kind, title: about }, value === undefined ? title : button);
  }

  /** Mark the column that the rows are sorted by. */
  showOrder() {
    const [key, sign] = this.#asked.headings();
    for (const head of this.#heads.children) {
      if (head.dataset.key !== key) head.removeAttribute("aria-sort");
      // The column shows ages, which rise as times fall.
      else head.setAttribute("aria-sort", (key === "age" ? -sign : sign) > 0 ? "ascending" : "descending");
    }
  }

  #key(event) {
    if (this.#focused === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.items.findIndex(item => keyOf(item) === this.#focused);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      this.focus(Math.max(0, Math.min(this.items.length - 1, at + step)));
    } else if (event.key === "f" && this.items[at]?.symbol !== undefined) {
      this.#asked.star(this.items[at].symbol);
    }
  }
}

// A symbol has no space in it.
const keyOf = item => item.symbol ?? ` ${item.group}`;

const nameOf = row => row?.dataset.symbol ?? (row?.dataset.group === undefined ? undefined : ` ${row.dataset.group}`);

const spacer = () => h("tr", { class: "spacer", "aria-hidden": "true" }, h("td"));
