// One row of the watch list: a symbol, or the heading of a group. Rows are reused while the list scrolls.

import { addressOf } from "../desk.js";
import * as format from "../format.js";
import { h, s, write } from "../shell/dom.js";

const TREND_POINTS = 60;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class RowView {
  #row = null;
  #moved = 0;
  #trendOf = "";
  #cells = [];
  #line = s("polyline");
  #age = null;
  // The price that lights up when it moves.
  #flash = null;

  /** columns: [column, px] each, the symbol's first. star(symbol): called when its star is clicked. tall: two lines. */
  constructor(columns, star, tall) {
    const missing = ({ second }) => tall && second !== undefined && !columns.some(([{ key }]) => key === second[0]);
    this.link = h("a", {});
    this.star = h("button", { type: "button", class: "star", tabindex: -1, onclick: () => star(this.#row.symbol) });
    const [[symbol]] = columns;
    if (missing(symbol)) this.#age = [h("small", {}), symbol.second[1]];
    this.element = h("tr", {}, h("th", { scope: "row" }, h("div", {}, this.star, h("span", {}, this.link, this.#age?.[0] ?? null))));
    for (const [column] of columns.slice(1)) {
      const cell = h("td", { "data-cell": column.key, class: column.key === "spark" ? "spark" : "number" });
      if (column.key === "spark") {
        cell.append(s("svg", { viewBox: "0 0 60 20", preserveAspectRatio: "none", "aria-hidden": "true" }, this.#line));
      }
      this.#cells.push([column, cell, this.#second(column, cell, missing)]);
      this.element.append(cell);
    }
  }

  get target() {
    return this.link;
  }

  show(row, { at, chosen, starred, now }) {
    const isOther = row !== this.#row;
    if (isOther) {
      this.#row = row;
      this.element.dataset.symbol = row.symbol;
      const colon = row.symbol.indexOf(":") + 1;
      this.link.replaceChildren(h("span", { class: "prefix" }, row.symbol.slice(0, colon)), row.symbol.slice(colon));
      this.link.title = row.symbol;
      this.link.href = addressOf(row.symbol);
      this.#flash?.cancel();
    }
    this.element.setAttribute("aria-rowindex", at + 2);
    if (row.symbol === chosen) this.link.setAttribute("aria-current", "true");
    else this.link.removeAttribute("aria-current");
    if (isOther || this.star.getAttribute("aria-pressed") !== `${starred}`) {
      this.star.setAttribute("aria-pressed", `${starred}`);
      this.star.setAttribute("aria-label", `Favourite ${row.symbol}`);
      write(this.star, starred ? "★" : "☆");
    }
    if (this.#age !== null) write(this.#age[0], this.#age[1](row, now));
    for (const [column, cell, second] of this.#cells) {
      if (column.key === "spark") {
        this.#trend(row);
        continue;
      }
      write(second === null ? cell : cell.firstChild, column.text(row, now));
      if (second !== null) write(second, column.second[1](row));
      if (second !== null) second.dataset.direction = `${{ "+": 1, "−": -1 }[second.textContent[0]] ?? 0}`;
      if (column.key === "age" && isOther) cell.title = format.full(row.time);
      const direction = `${column.direction?.(row) ?? ""}`;
      if (cell.dataset.direction !== direction) cell.dataset.direction = direction;
      if (column.key === "price" && !isOther && row.moved !== this.#moved) this.#light(cell, row.direction);
    }
    this.#moved = row.moved;
  }

  #second(column, cell, missing) {
    if (!missing(column)) return null;
    const second = h("small", {});
    cell.append(h("span", {}), second);
    return second;
  }

  #light(cell, direction) {
    if (still.matches || direction === 0) return;
    this.#flash?.cancel();
    const colour = `var(${direction > 0 ? "--up-flash" : "--down-flash"})`;
    // In steps, as each frame of it paints the list.
    this.#flash = cell.animate([{ backgroundColor: colour }, { backgroundColor: "transparent" }], { duration: 350, easing: "steps(4)" });
  }

  #trend(row) {
    const key = `${row.symbol} ${row.count}`;
    if (key === this.#trendOf) return;
    this.#trendOf = key;
    const prices = [...row.history()].slice(-TREND_POINTS).map(point => point.price);
    const low = Math.min(...prices);
    const high = Math.max(...prices);
    const y = price => (high > low ? 18 - ((price - low) / (high - low)) * 16 : 10).toFixed(1);
    const x = i => ((i / (prices.length - 1)) * 60).toFixed(1);
    // One price is no trend.
    this.#line.setAttribute("points", prices.length > 1 ? prices.map((price, i) => `${x(i)},${y(price)}`).join(" ") : "");
  }
}

export class GroupView {
  #name = null;

  constructor(columns, fold) {
    this.target = h("button", { type: "button", onclick: () => fold(this.#name) });
    this.element = h("tr", { class: "group" }, h("th", { colspan: columns.length, scope: "rowgroup" }, this.target));
  }

  show({ group, count, folded }, { at }) {
    this.#name = group;
    this.element.dataset.group = group;
    this.element.setAttribute("aria-rowindex", at + 2);
    this.target.setAttribute("aria-expanded", `${!folded}`);
    write(this.target, `${folded ? "▸" : "▾"} ${group} · ${format.count(count)}`);
  }
}
