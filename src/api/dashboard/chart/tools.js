// What the chart shows: its timeframe, its kind, its average. All three are remembered.

import { INTERVALS } from "../data/candles.js";
import { h, select } from "../shell/dom.js";
import { prefer, preference } from "../shell/preferences.js";

const KINDS = [["candles", "Candles"], ["line", "Line"]];
const LENGTHS = [["0", "No average"], ["10", "MA 10"], ["20", "MA 20"], ["50", "MA 50"], ["200", "MA 200"]];

export class Tools {
  kind = preference("kind", "candles");
  // Of the moving average, in candles; 0 for none.
  length = preference("average", 20);
  // As chosen; null for what fits the symbol.
  interval = preference("interval", null);
  #buttons = h("div", { class: "choice", role: "group", "aria-label": "Timeframe" });
  #told;

  /** told: callbacks { interval(), style(), newest() } */
  constructor(desk, told) {
    this.#told = told;
    this.#buttons.append(...Object.keys(INTERVALS).map((name, at) => {
      desk.command({ title: `Timeframe ${name}`, key: `${at + 1}`, run: () => this.#choose(name) });
      return h("button", { type: "button", "aria-pressed": "false", "data-interval": name, onclick: () => this.#choose(name) }, name);
    }));
    this.element = h("div", { class: "bar tools" },
      this.#buttons,
      select("Kind of chart", KINDS, this.kind, kind => this.#restyle(kind, this.length)),
      select("Moving average", LENGTHS, `${this.length}`, length => this.#restyle(this.kind, Number(length))),
      h("button", { type: "button", title: "Back to the newest candle", "aria-label": "Newest", onclick: told.newest }, "⇥"));
  }

  /** Mark the timeframe that is shown. */
  showInterval(interval) {
    for (const button of this.#buttons.children) button.setAttribute("aria-pressed", `${button.dataset.interval === interval}`);
  }

  #choose(interval) {
    this.interval = interval;
    prefer("interval", interval);
    this.#told.interval();
  }

  #restyle(kind, length) {
    this.kind = kind;
    this.length = length;
    prefer("kind", kind);
    prefer("average", length);
    this.#told.style();
  }
}
