// The trades of a symbol: what was bought and sold by bar, the last executions, and how long they took to arrive.

import { Flow, pathOf } from "../data/flow.js";
import { addressOf } from "../desk.js";
import * as format from "../format.js";
import { h, select, write } from "../shell/dom.js";
import { latencyPlot, volumePlot } from "./plots.js";
import { ticket } from "./ticket.js";

const INTERVALS = ["1s", "1m", "5m", "15m", "1h", "1d"];
const BARS = 60;
const LISTED = 100;
const REFRESH_MS = 1000;
const LINKS = 12;
const FIGURES = ["Bought", "Sold", "Imbalance", "VWAP", "Quantity", "Trades a second", "Latency"];

class TradeFlow {
  #desk;
  #flow;
  #interval = "1m";
  #candles = [];
  #drawn = "";
  #wanted = "";
  #fetched = 0;
  #zones = 0;
  #values = new Map(FIGURES.map(name => [name, h("dd", { "data-figure": name }, "–")]));
  #balance = h("span", { class: "balance", role: "img" }, h("span", { class: "buy" }), h("span", { class: "sell" }));
  #volume = h("figure", { "data-plot": "volume" });
  #latency = h("figure", { "data-plot": "latency" });
  #list = h("tbody", {});
  #body;
  #none = h("p", { class: "hint pad" });
  #ticket;

  constructor(desk) {
    this.#desk = desk;
    this.#flow = new Flow(desk);
    this.#ticket = ticket(desk);
    desk.on("zone", () => (this.#zones += 1));
    const head = ["Time", "Side", "Quantity", "Price", "Venue", "Latency"];
    this.#body = h("div", { class: "flow" },
      h("dl", { class: "flow-figures", "aria-label": "Statistics of the trades" },
        ...FIGURES.map(name => h("div", {}, h("dt", {}, name), this.#values.get(name)))),
      h("div", { class: "plots" }, this.#volume, this.#latency),
      h("div", { class: "executions" },
        h("table", { "aria-label": "Last trades, newest first" }, h("thead", {}, h("tr", {}, ...head.map(name => h("th", { scope: "col" }, name)))), this.#list)));
    this.element = h("section", { id: "trades", "aria-label": "Trades", tabindex: -1 },
      h("div", { class: "bar tools" },
        select("Interval of the bars", INTERVALS.map(each => [each, each]), this.#interval, value => (this.#interval = value)),
        this.#balance, this.#ticket),
      this.#none,
      h("div", { class: "scroll" }, this.#body));
  }

  draw() {
    const { symbol } = this.#desk;
    const found = this.#flow.current;
    this.#body.hidden = this.#balance.hidden = found === undefined;
    this.#none.hidden = found !== undefined;
    const drawn = [symbol, this.#flow.version, this.#flow.statistics.size, this.#interval, this.#fetched, this.#zones].join();
    if (found !== undefined) this.#refresh(found);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    if (found === undefined) this.#offer(symbol);
    else this.#show(found);
  }

  #offer(symbol) {
    const others = [...this.#flow.statistics.keys()].sort().slice(0, LINKS);
    const links = others.flatMap(name => [" ", h("a", { href: addressOf(name) }, name)]);
    this.#none.replaceChildren(`No trades of ${symbol ?? "any symbol"}.`, ...(links.length > 0 ? [" There are some of", ...links] : []));
  }

  #show(found) {
    const { quantity, latencyMicros: latency, imbalance } = found;
    const values = [
      format.amount(found.buyVolume),
      format.amount(found.sellVolume),
      format.percent(imbalance * 100),
      found.vwap === null ? "–" : format.average(found.vwap, format.digitsOf(found.lastPrice)),
      `${format.amount(quantity.mean)} ± ${format.amount(quantity.std)}`,
      format.amount(found.tradesPerSecond),
      latency.count === 0 ? "–" : [latency.p50, latency.p95, latency.p99].map(format.micros).join(" / "),
    ];
    FIGURES.forEach((name, at) => write(this.#values.get(name), values[at]));
    this.#values.get("Latency").title = "The 50th, 95th and 99th percentile";
    // The share of each side in the last trades.
    const [buy, sell] = this.#balance.children;
    buy.style.flexGrow = 1 + imbalance;
    sell.style.flexGrow = 1 - imbalance;
    this.#balance.setAttribute("aria-label", `Of the last ${format.counted(quantity.count, "trade")} ${format.percent((1 + imbalance) * 50)} bought by volume`);
    this.#volume.replaceChildren(...volumePlot(this.#candles, this.#interval));
    this.#latency.replaceChildren(...latencyPlot(this.#flow.executions));
    this.#list.replaceChildren(...this.#flow.executions.slice(0, LISTED).map(row));
  }

  /** Fetch the bars again when there are new trades, at most once a second. */
  async #refresh({ symbol, tradeCount }) {
    const wanted = [symbol, this.#interval, tradeCount].join();
    const now = performance.now();
    const isOther = !this.#wanted.startsWith([symbol, this.#interval, ""].join());
    if (wanted === this.#wanted || (!isOther && now - this.#fetched < REFRESH_MS) || this.#desk.hasHistory === false) return;
    this.#wanted = wanted;
    this.#fetched = now;
    if (isOther) this.#candles = [];
    const path = pathOf(symbol);
    if (path === null) return;
    try {
      const answer = await fetch(`${path}/candles?interval=${this.#interval}&order=desc&limit=${BARS}`);
      const { items } = answer.ok ? await answer.json() : { items: [] };
      // Another symbol may have been chosen meanwhile.
      if (this.#wanted !== wanted) return;
      this.#candles = items.reverse();
      this.#fetched = performance.now();
    } catch {}  // The stream reports a lost connection.
  }
}

function row({ timestamp, side, quantity, price, venue, latencyMicros }) {
  const cell = (text, more = { class: "number" }) => h("td", more, text);
  return h("tr", { "data-side": side },
    cell(format.moment(Date.parse(timestamp)), {}),
    cell(side, { class: "side" }),
    cell(format.price(quantity, format.digitsOf(quantity))),
    cell(price === null ? "–" : format.price(price, format.digitsOf(price))),
    cell(venue ?? "–", {}),
    cell(latencyMicros === null ? "–" : format.micros(latencyMicros)));
}

export const trades = { id: "trades", title: "Trades", place: "dock", needs: "trades", open: desk => new TradeFlow(desk) };
