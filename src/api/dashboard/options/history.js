// Put-call ratio, straddle and volatility over time.

import * as format from "../format.js";
import { h, select } from "../shell/dom.js";
import { prefer, preference } from "../shell/preferences.js";
import { Figure } from "./figure.js";

const INTERVALS = ["1m", "5m", "15m", "1h", "1d"].map(name => [name, name]);
const POINTS = 300;

export class HistoryView {
  static id = "history";
  static title = "History";
  #interval = preference("option-interval", "1m");
  #ratio = new Figure("Put-call ratio");
  #straddle = new Figure("Straddle at the money");
  #volatility = new Figure("Volatility at the money");

  constructor(changed) {
    this.tools = select("Interval", INTERVALS, this.#interval, value => {
      prefer("option-interval", value);
      this.#interval = value;
      changed();
    });
    this.element = h("div", { class: "figures beside" }, this.#ratio.element, this.#straddle.element, this.#volatility.element);
  }

  asks({ expiry }) {
    return [["chain", { expiry, strikes: "0:0" }], ["history", { expiry, interval: this.#interval, limit: POINTS, order: "desc" }]];
  }

  take(_, { items }) {
    const points = items.toReversed();
    const line = (name, field) => ({ name, kind: "line", points: points.map(each => [Date.parse(each.start), each[field]]) });
    const showX = ms => (this.#interval === "1d" ? format.full(ms, null) : format.mark(ms, 3));
    this.#ratio.draw({ series: [line("of open interest", "pcrOi"), line("of volume", "pcrVolume")], showX, showY: value => value.toFixed(2) });
    this.#straddle.draw({ series: [line("Call and put", "atmStraddlePrice")], showX, showY: value => format.price(value, 2) });
    this.#volatility.draw({ series: [line("IV", "atmIv")], showX, showY: value => `${(value * 100).toFixed(2)}%` });
  }
}
