// The smile of each expiry, and the surface as a heat map.

import { h, write } from "../shell/dom.js";
import { Figure } from "./figure.js";

const percent = value => `${(value * 100).toFixed(1)}%`;
const SMILES_MAX = 6;
// Columns of the heat map: strikes as shares of the forward, so many of them.
const STEPS = 15;
const KINDS = { calendar: "calendar: costs less than an earlier expiry", butterfly: "butterfly: costs more than its neighbours allow" };

export class SmileView {
  static id = "smile";
  static title = "Smile";
  #figure = new Figure("Implied volatility by strike over forward");

  constructor() {
    this.element = h("div", { class: "figures" }, this.#figure.element);
  }

  asks({ expiry }) {
    return [["chain", { expiry, strikes: "0:0" }], ["volatility-surface", {}]];
  }

  take(chain, { smiles }) {
    // The chosen expiry first.
    const order = smiles.toSorted((one, other) => (other.expiry === chain.expiry) - (one.expiry === chain.expiry));
    this.#figure.draw({
      series: order.slice(0, SMILES_MAX).map(each => ({ name: each.expiry, kind: "line", points: each.points.map(point => [point.moneyness, point.iv]) })),
      marks: [{ x: 1, name: "forward" }],
      showX: percent,
      showY: percent,
    });
  }
}

export class SurfaceView {
  static id = "surface";
  static title = "Surface";
  #table = h("table", { id: "surface", "aria-label": "Volatility surface" });
  #flags = h("ul", { class: "flags", "aria-label": "Arbitrage" });
  #hint = h("p", { class: "hint" });

  constructor() {
    this.element = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Surface" }, this.#hint, this.#table, this.#flags);
  }

  asks({ expiry }) {
    return [["chain", { expiry, strikes: "0:0" }], ["volatility-surface", {}]];
  }

  take(_, { smiles, arbitrage }) {
    const all = smiles.flatMap(each => each.points);
    write(this.#hint, all.length === 0 ? "No contract out of the money has an implied volatility." : "Volatility out of the money, by expiry and by strike over forward. The stronger the colour, the higher.");
    this.#table.replaceChildren(...(all.length === 0 ? [] : rowsOf(smiles, all)));
    this.#flags.replaceChildren(...arbitrage.map(each => h("li", {}, `${each.expiry} ${each.strike} ${KINDS[each.kind]}, by ${each.amount.toPrecision(3)}`)));
  }
}

function rowsOf(smiles, all) {
  const places = all.map(each => Math.log(each.moneyness));
  const [low, high] = [Math.min(...places), Math.max(...places)];
  const ivs = all.map(each => each.iv);
  const [least, most] = [Math.min(...ivs), Math.max(...ivs)];
  const columns = Array.from({ length: STEPS }, (_, at) => low + ((high - low) * at) / (STEPS - 1));
  const cell = iv => {
    const found = h("td", {}, iv === null ? "" : (iv * 100).toFixed(1));
    if (iv !== null) found.style.setProperty("--heat", (iv - least) / (most - least || 1));
    return found;
  };
  return [
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Expiry"), ...columns.map(at => h("th", { scope: "col" }, `${(Math.exp(at) * 100).toFixed(0)}%`)))),
    h("tbody", {}, ...smiles.map(each => h("tr", {}, h("th", { scope: "row" }, each.expiry), ...columns.map(at => cell(volatilityAt(each, at)))))),
  ];
}

/** Between two points total variance is linear in the logarithm of moneyness, as the service interpolates; null beyond them. */
function volatilityAt({ points, yearsToExpiry }, at) {
  const places = points.map(each => Math.log(each.moneyness));
  const next = places.findIndex(place => place >= at - 1e-9);
  if (next < 0 || (next === 0 && places[0] > at + 1e-9)) return null;
  if (next === 0) return points[0].iv;
  const share = (at - places[next - 1]) / (places[next] - places[next - 1]);
  const variance = points[next - 1].totalVariance * (1 - share) + points[next].totalVariance * share;
  return Math.sqrt(Math.max(0, variance) / yearsToExpiry);
}
