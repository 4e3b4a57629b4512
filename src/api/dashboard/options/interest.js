// Open interest by strike, and the pain curve.

import * as format from "../format.js";
import { h } from "../shell/dom.js";
import { signed, WORDS } from "./chain.js";
import { Figure } from "./figure.js";

const strike = value => `${value}`;

export class OpenInterestView {
  static id = "interest";
  static title = "Open interest";
  static hasWindow = true;
  #figure = new Figure("Open interest by strike");
  #levels = h("p", { class: "levels" });

  constructor() {
    this.element = h("div", { class: "figures" }, this.#levels, this.#figure.element);
  }

  asks(asked) {
    return [["chain", { ...asked, strikes: "0:0" }], ["open-interest", asked]];
  }

  take(chain, { strikes, resistance, support, callBuildup, putBuildup }) {
    this.#figure.draw({
      series: [
        { name: "Calls", kind: "bars", points: strikes.map(each => [each.strike, each.callOi]) },
        { name: "Puts", kind: "bars", points: strikes.map(each => [each.strike, each.putOi]) },
      ],
      marks: [{ x: chain.spotPrice, name: "spot" }],
      showX: strike,
      showY: format.amount,
      fromZero: true,
    });
    const levels = list => list.map(each => `${each.strike} (${format.amount(each.openInterest)})`).join(", ") || "–";
    const split = parts => (parts === null ? "–" : `${format.amount(parts.itm)} in, ${format.amount(parts.atm)} at, ${format.amount(parts.otm)} out of the money`);
    const grown = strikes.flatMap(each => [["C", each.callOiChange, each.callBuildUp], ["P", each.putOiChange, each.putBuildUp]].map(([side, change, built]) => ({ name: `${each.strike} ${side}`, change: change ?? 0, built })));
    const largest = grown.filter(each => each.change !== 0).sort((one, other) => Math.abs(other.change) - Math.abs(one.change)).slice(0, 4);
    this.#levels.replaceChildren(
      h("span", {}, h("strong", {}, "Resistance "), levels(resistance)),
      h("span", {}, h("strong", {}, "Support "), levels(support)),
      h("span", {}, h("strong", {}, "Calls "), split(callBuildup)),
      h("span", {}, h("strong", {}, "Puts "), split(putBuildup)),
      ...largest.map(each => h("span", { "data-built": each.built ?? "" }, h("strong", {}, `${each.name} `), `${signed(each.change)} ${WORDS[each.built] ?? ""}`)));
  }
}

export class PainView {
  static id = "pain";
  static title = "Max pain";
  #figure = new Figure("What writers owe, by the price at expiry");

  constructor() {
    this.element = h("div", { class: "figures" }, this.#figure.element);
  }

  asks({ expiry }) {
    return [["chain", { expiry, strikes: "0:0" }], ["max-pain", { expiry }]];
  }

  take(chain, { pain, maxPainStrike }) {
    this.#figure.draw({
      series: [{ name: "Pain", kind: "line", points: pain.map(each => [each.strike, each.pain]) }],
      marks: [{ x: maxPainStrike, name: "max pain" }, { x: chain.spotPrice, name: "spot" }],
      showX: strike,
      showY: format.amount,
      fromZero: true,
    });
  }
}
