// The chain as brokers show it: calls on the left, strikes in the middle, puts on the right.

import * as format from "../format.js";
import { h, select, write } from "../shell/dom.js";
import { prefer, preference } from "../shell/preferences.js";

// From the outside to the strike: name, title, and what a cell tells of a contract and its change.
const COLUMNS = [
  ["built", "Build-up", ({ buildUp }) => WORDS[buildUp] ?? ""],
  ["interest", "OI", ({ openInterest }) => known(openInterest, format.amount)],
  ["change", "± OI", (_, change) => known(change, signed)],
  ["volume", "Volume", ({ volume }) => known(volume, format.amount)],
  ["iv", "IV %", ({ iv }) => known(iv, value => (value * 100).toFixed(1))],
  ["delta", "Delta", ({ delta }) => known(delta, value => value.toFixed(2))],
  ["price", "Price", ({ priceUsed }) => known(priceUsed, value => format.price(value, 2))],
  ["bid", "Bid", ({ bid }) => known(bid, value => format.price(value, 2))],
  ["ask", "Ask", ({ ask }) => known(ask, value => format.price(value, 2))],
];
export const WORDS = {
  long_build_up: "Long build-up",
  short_build_up: "Short build-up",
  short_covering: "Short covering",
  long_unwinding: "Long unwinding",
};
const REASONS = { no_price: "no price", below_intrinsic: "below intrinsic value", above_bound: "above any volatility's price", expired: "expired" };
const FLAGS = { crossed: "bid above ask", zero_bid: "bid of 0", expired: "expired" };
const AROUND = [["10", "10 strikes"], ["20", "20 strikes"], ["40", "40 strikes"], ["", "all strikes"]];

/** An amount with its sign. */
export const signed = value => `${["−", "", "+"][Math.sign(value) + 1]}${format.amount(Math.abs(value))}`;

const known = (value, text) => (value === null || value === undefined ? "–" : text(value));

export class ChainView {
  static id = "chain";
  static title = "Chain";
  static hasWindow = true;
  #rows = new Map();
  #body = h("tbody");
  #scroll;
  #strikes = [];
  #atm = null;
  #around = preference("option-strikes", "20");
  #isPlaced = false;
  #of = "";

  constructor(changed) {
    this.tools = select("Strikes", AROUND, this.#around, value => {
      prefer("option-strikes", value);
      this.#around = value;
      this.#isPlaced = false;
      changed();
    });
    const titles = side => COLUMNS.map(([name, title]) => h("th", { scope: "col", "data-column": name, "aria-label": `${side}, ${title}` }, title));
    // Columns that do not fit are left out, so no cell can span those of a side.
    const table = h("table", { id: "chain", "aria-label": "Option chain" },
      h("thead", {}, h("tr", {}, ...titles("Calls"), h("th", { scope: "col", "data-column": "strike" }, "Strike"), ...titles("Puts").reverse())),
      this.#body);
    this.#scroll = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Chain" }, table);
    this.element = h("div", { class: "option-chain" }, h("p", { class: "sides", "aria-hidden": "true" }, h("span", {}, "Calls"), h("span", {}, "Puts")), this.#scroll);
  }

  asks(asked) {
    const strikes = this.#limits();
    return [["chain", { ...asked, strikes }], ["open-interest", asked]];
  }

  take(chain, interest) {
    const of = `${chain.product} ${chain.expiry}`;
    if (of !== this.#of) {
      this.#of = of;
      this.#isPlaced = false;
    }
    this.#strikes = interest.strikes.map(each => each.strike);
    this.#atm = chain.atmStrike;
    // Which strikes are near is known with the first answer only.
    const [low, high] = (this.#limits() ?? ":").split(":").map((text, at) => (text === "" ? [0, Infinity][at] : +text));
    const calls = new Map(chain.calls.map(each => [each.strike, each]));
    const puts = new Map(chain.puts.map(each => [each.strike, each]));
    const rows = interest.strikes.filter(({ strike }) => strike >= low && strike <= high);
    const most = Math.max(1, ...rows.flatMap(each => [each.callOi ?? 0, each.putOi ?? 0]));
    const spot = chain.spotPrice ?? NaN;
    let place = this.#body.firstChild;
    const kept = new Set();
    for (const each of rows) {
      const { strike } = each;
      kept.add(strike);
      let row = this.#rows.get(strike);
      if (row === undefined) this.#rows.set(strike, (row = newRow(strike)));
      row.className = strike === chain.atmStrike ? "atm" : "";
      fill(row, calls.get(strike), each.callOiChange, 0, 1, strike < spot, most);
      fill(row, puts.get(strike), each.putOiChange, row.children.length - 1, -1, strike > spot, most);
      if (row === place) place = place.nextSibling;
      else this.#body.insertBefore(row, place);
    }
    for (const [strike, row] of this.#rows) {
      if (kept.has(strike)) continue;
      row.remove();
      this.#rows.delete(strike);
    }
    this.#place();
  }

  /** The strikes that are asked for; undefined for all. */
  #limits() {
    if (this.#around === "" || this.#atm === null || this.#strikes.length === 0) return undefined;
    const at = this.#strikes.indexOf(this.#atm);
    const half = +this.#around / 2;
    return `${this.#strikes[Math.max(0, at - half)]}:${this.#strikes[Math.min(this.#strikes.length - 1, at + half)]}`;
  }

  /** Bring the strike at the money into the middle, once a chain. */
  #place() {
    const row = this.#rows.get(this.#atm);
    if (this.#isPlaced || row === undefined || this.#scroll.clientHeight === 0) return;
    this.#isPlaced = true;
    this.#scroll.scrollTop = row.offsetTop - this.#scroll.clientHeight / 2;
  }
}

function newRow(strike) {
  const cells = () => COLUMNS.map(([name]) => h("td", { "data-column": name }));
  return h("tr", { "data-strike": strike }, ...cells(), h("th", { scope: "row" }, `${strike}`), ...cells().reverse());
}

/** Fill one side of a row, from its outer cell inwards. */
function fill(row, contract, change, from, step, isIn, most) {
  COLUMNS.forEach(([name, , tell], at) => {
    const cell = row.children[from + at * step];
    write(cell, contract === undefined ? "" : tell(contract, change));
    cell.classList.toggle("in", isIn && contract !== undefined);
    if (name === "interest") cell.style.setProperty("--share", contract === undefined ? 0 : (contract.openInterest ?? 0) / most);
    if (name === "built") cell.dataset.built = contract?.buildUp ?? "";
    if (name === "iv") cell.title = contract === undefined || contract.iv !== null ? "" : REASONS[contract.ivReason] ?? "";
    if (name === "bid") cell.title = (contract?.flags ?? []).map(flag => FLAGS[flag]).join(", ");
  });
}
