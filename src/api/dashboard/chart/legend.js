// The values of one candle: that of the crosshair, else the newest.

import { averageAt } from "../data/candles.js";
import * as format from "../format.js";
import { h, write } from "../shell/dom.js";

export class Legend {
  #values = h("span", {});
  #change = h("span", {});
  #rest = h("span", {});

  constructor() {
    this.element = h("p", { id: "values" }, this.#values, " ", this.#change, " ", this.#rest);
  }

  /** at: index of the candle, null for the newest. Returns the same as words. */
  show(candles, at, length) {
    const { items, digits, seconds } = candles;
    const index = at ?? items.length - 1;
    const item = items[index];
    this.element.hidden = item === undefined;
    if (item === undefined) return "";
    const price = value => format.price(value, digits);
    const percent = (item.close / item.open - 1) * 100;
    const average = length > 0 ? averageAt(items, index, length) : NaN;
    // A letter stays on the line of its price.
    const values = Object.entries({ O: item.open, H: item.high, L: item.low, C: item.close }).map(([letter, value]) => `${letter}\u00a0${price(value)}`).join("  ");
    const rest = [
      item.volume === null ? null : `Vol ${format.amount(item.volume)}`,
      Number.isNaN(average) ? null : `MA ${length} ${format.average(average, digits)}`,
      `${format.full(item.time * 1000, seconds >= 86_400 ? null : seconds < 60)} ${format.zoneName()}`,
    ].filter(Boolean).join("  ");
    write(this.#values, values);
    write(this.#change, format.percent(percent));
    this.#change.dataset.direction = format.sign(percent);
    write(this.#rest, rest);
    return `${values}, ${format.percent(percent)}, ${rest}`;
  }
}
