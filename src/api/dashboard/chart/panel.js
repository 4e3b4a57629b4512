// The chart of the symbol that is looked at, and what happened to it.

import { Candles, fitting } from "../data/candles.js";
import { h, write } from "../shell/dom.js";
import { Explanation } from "./explanation.js";
import { Legend } from "./legend.js";
import { groupedMarks, markersOf, markOf } from "./marks.js";
import { Plot } from "./plot.js";
import { Quote } from "./quote.js";
import { Tools } from "./tools.js";

const REFRESH_MS = 1000;
const MOVES_PAGE = 1000;
// Pages that are loaded at most to reach a mark of the past.
const PAGES_MAX = 50;
const MANY = 10;
const HELP = "Left and right move through the candles, plus and minus zoom, Home and End go to the oldest loaded and the newest.";

class ChartPanel {
  #desk;
  #quote;
  #tools;
  #chart = h("div", { id: "chart", role: "application", tabindex: 0, "aria-label": "Chart" });
  #spoken = h("p", { class: "unseen", role: "status" });
  #legend = new Legend();
  #explanation = new Explanation();
  #plot = null;
  #candles = new Candles(".", "1m");
  // The last load, and the state of the symbol that it was for.
  #loading = null;
  #loadedFor = null;
  #isLoaded = false;
  // Counts of ticks: taken into the candles, and when they were last refreshed.
  #count = -1;
  #refreshed = -1;
  #refreshedAt = -Infinity;
  #marksStale = true;
  #marksVersion = -1;
  #groups = [];
  #hovered = null;

  constructor(desk) {
    this.#desk = desk;
    this.#quote = new Quote(desk);
    this.#tools = new Tools(desk, { interval: () => this.#load(), style: () => this.#restyle(), newest: () => this.#newest() });
    this.element = h("section", { id: "detail", "aria-labelledby": "detail-title", tabindex: -1 },
      this.#quote.element,
      this.#tools.element,
      h("div", { class: "plot" }, h("div", { class: "canvas" }, this.#legend.element, this.#chart), this.#explanation.element),
      this.#spoken,
      h("p", { class: "hint legend" }, h("span", {}, "hollow: up, filled: down"), h("span", { class: "key average" }, "average of closes"), h("span", {}, "▲ ▼ move"),
        h("a", { href: "https://www.tradingview.com/", rel: "noreferrer" }, "Charts by TradingView")));
    this.#chart.addEventListener("keydown", event => this.#key(event));
    desk.command({ title: "Previous mark on the chart", key: "[", run: () => this.#stepMark(-1) });
    desk.command({ title: "Next mark on the chart", key: "]", run: () => this.#stepMark(1) });
    desk.on("choose", (symbol, mark) => this.#choose(symbol, mark));
    for (const event of ["settled", "history"]) desk.on(event, () => this.#load());
    desk.on("marks", () => (this.#marksStale = true));
    desk.on("theme", () => {
      this.#plot?.colour();
      this.#marksStale = true;
    });
    desk.on("zone", () => {
      this.#plot?.rezone();
      this.#explanation.rezone();
    });
  }

  draw() {
    // The library measures its element, which has to be in the page.
    this.#plot ??= this.#begin();
    const row = this.#desk.market.rows.get(this.#desk.symbol) ?? null;
    this.#quote.draw(row);
    if (row === null) return;
    // It has become known, or the service has restarted without it.
    if (row !== this.#loadedFor) this.#load();
    if (row.count !== this.#count) {
      this.#count = row.count;
      this.#candles.take(row.time, row.price);
    }
    this.#plot.sync();
    this.#refresh(row);
    if (this.#marksStale || this.#marksVersion !== this.#desk.moves.version) this.#mark();
    this.#legend.show(this.#candles, this.#hovered, this.#tools.length);
  }

  #begin() {
    const plot = new Plot(this.#chart, {
      hover: at => (this.#hovered = at),
      near: () => this.#loadOlder(),
      mark: id => this.#explain(this.#groups.find(({ marks }) => marks[0].id === id)),
      moved: () => (this.#marksStale = true),
    });
    plot.style(this.#tools.kind, this.#tools.length);
    plot.show(this.#candles, false);
    return plot;
  }

  #choose(symbol, mark) {
    this.#chart.setAttribute("aria-label", `Chart of ${symbol}. ${HELP}`);
    if (symbol !== this.#candles.symbol) {
      this.#explanation.close();
      // What is shown must not be taken for its candles.
      this.#replace(new Candles(symbol, this.#tools.interval ?? "1m"), false);
      this.#isLoaded = false;
      this.#load();
    }
    if (mark !== null) this.#look(mark);
  }

  #load() {
    this.#loadedFor = this.#desk.market.rows.get(this.#desk.symbol) ?? null;
    if (this.#loadedFor !== null && this.#desk.hasHistory !== null) this.#loading = this.#loadFor(this.#loadedFor);
  }

  async #loadFor(row) {
    const { interval } = this.#tools;
    let candles = new Candles(row.symbol, interval ?? "1s");
    if (this.#desk.hasHistory) {
      if (interval === null) candles = await fitting(row.symbol);
      else await candles.load();
    }
    if (row !== this.#loadedFor || interval !== this.#tools.interval) return;
    if (candles.items.length === 0) for (const { second, price } of row.history()) candles.take(second * 1000, price);
    // Loaded again, the view stays; before, there was nothing to look at.
    this.#replace(candles, this.#isLoaded && this.#candles.interval === candles.interval);
    this.#isLoaded = true;
    await this.#fetchMoves();
  }

  #replace(candles, kept) {
    this.#candles = candles;
    this.#hovered = null;
    this.#marksStale = true;
    this.#count = -1;
    this.#tools.showInterval(candles.interval);
    this.#plot?.show(candles, kept);
  }

  async #loadOlder() {
    const candles = this.#candles;
    if (!(await candles.loadOlder()) || candles !== this.#candles) return false;
    this.#plot?.sync();
    this.#marksStale = true;
    await this.#fetchMoves();
    return true;
  }

  async #refresh(row) {
    const now = performance.now();
    if (now - this.#refreshedAt < REFRESH_MS || this.#refreshed === row.count || !this.#desk.hasHistory) return;
    this.#refreshedAt = now;
    this.#refreshed = row.count;
    await this.#candles.refresh();
    // What the service answered may be older than what the stream has told.
    if (row.symbol === this.#candles.symbol) this.#candles.take(row.time, row.price);
  }

  async #fetchMoves() {
    const { symbol, items } = this.#candles;
    if (items.length === 0 || !this.#desk.hasHistory) return;
    try {
      const answer = await fetch(`api/moves?symbol=${encodeURIComponent(symbol)}&from=${items[0].time * 1000}&limit=${MOVES_PAGE}`);
      if (answer.ok) for (const item of (await answer.json()).items) this.#desk.moves.take(item);
    } catch {}  // The stream reports a lost connection.
  }

  #mark() {
    const { symbol, moves, marks } = this.#desk;
    this.#marksStale = false;
    this.#marksVersion = moves.version;
    const all = [...moves.of(symbol).map(markOf), ...[...marks.values()].flatMap(of => of(symbol))];
    this.#groups = groupedMarks(all, this.#candles);
    this.#plot.mark(markersOf(this.#groups, this.#candles, this.#plot.pxPerBar, this.#plot.colours));
    this.#chart.dataset.markers = this.#groups.map(group => group.text).join(", ");
  }

  #explain(group) {
    if (group !== undefined) this.#explanation.open(group.marks);
  }

  /** Bring a mark of the symbol into sight, and explain it. */
  async #look(mark) {
    this.#explanation.open([mark]);
    await this.#loading;
    for (let page = 0; page < PAGES_MAX; page++) {
      const [oldest] = this.#candles.items;
      if (oldest === undefined || oldest.time * 1000 <= mark.at || !(await this.#loadOlder())) break;
    }
    if (mark.symbol === this.#candles.symbol) this.#plot?.look(mark.at);
  }

  #stepMark(by) {
    const shown = this.#explanation.element.hidden ? null : this.#explanation.element.dataset.mark;
    const at = this.#groups.findIndex(({ marks }) => marks.some(({ id }) => id === shown));
    const group = at < 0 ? this.#groups.at(by < 0 ? -1 : 0) : this.#groups[at + by];
    if (group === undefined) return;
    this.#explain(group);
    this.#plot.look(group.marks[0].at);
  }

  #newest() {
    this.#plot.newest();
    this.#hovered = null;
    return null;
  }

  #restyle() {
    this.#plot?.style(this.#tools.kind, this.#tools.length);
    this.#marksStale = true;
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.#plot === null) return;
    const many = event.shiftKey ? MANY : 1;
    // Those that move the crosshair return its candle.
    const act = {
      ArrowLeft: () => this.#plot.step(-many), ArrowRight: () => this.#plot.step(many),
      Home: () => this.#plot.oldest(), End: () => this.#newest(),
      "+": () => this.#plot.zoom(0.8), "=": () => this.#plot.zoom(0.8), "-": () => this.#plot.zoom(1.25),
    }[event.key];
    if (act === undefined) return;
    event.preventDefault();
    const at = act();
    if (at === undefined) return;
    this.#hovered = at;
    write(this.#spoken, this.#legend.show(this.#candles, this.#hovered, this.#tools.length));
  }
}

export const chart = { id: "chart", title: "Chart", place: "stage", open: desk => new ChartPanel(desk) };
