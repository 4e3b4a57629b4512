// Explains a mark: what happened, in words, and the ticks of its window, drawn and listed.

import { pathOf } from "../desk.js";
import { digitsOf } from "../format.js";
import * as format from "../format.js";
import { h, s, write } from "../shell/dom.js";

const LISTED_MAX = 200;
// What is drawn around something that has no window of its own.
const AROUND_MS = 5000;
const [WIDTH, HEIGHT, EDGE] = [320, 140, 8];

export class Explanation {
  #title = h("h3", { id: "explanation-title", tabindex: -1 });
  #text = h("p");
  #drawing = h("div", { class: "drawing" });
  #body = h("tbody");
  #state = h("p", { class: "hint", role: "status" });
  #place = h("span", { class: "hint" });
  #turn = h("div", { class: "turn" });
  #marks = [];
  #at = 0;

  constructor() {
    const turn = (label, by, text) => h("button", { type: "button", "aria-label": label, onclick: () => this.#show(this.#at + by) }, text);
    this.#turn.append(turn("Previous in this candle", -1, "‹"), this.#place, turn("Next in this candle", 1, "›"));
    this.element = h("aside", { id: "explanation", "aria-labelledby": "explanation-title", hidden: true },
      h("div", { class: "bar" }, this.#title, this.#turn, h("button", { type: "button", "aria-label": "Close the explanation", onclick: () => this.close() }, "✕")),
      h("div", { class: "told" }, this.#text, this.#drawing, this.#state,
        h("table", {}, h("caption", { class: "unseen" }, "Ticks of the window"),
          h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Time"), h("th", { scope: "col", class: "number" }, "Price"), h("th", { scope: "col", class: "number" }, "Volume"))),
          this.#body)));
    this.element.addEventListener("keydown", event => event.key === "Escape" && this.close());
  }

  /** Explain marks of one candle, the first of them first. */
  open(marks) {
    this.#marks = marks;
    this.element.hidden = false;
    this.#show(0);
  }

  close() {
    this.element.hidden = true;
    this.#marks = [];
  }

  /** Write the times anew. */
  rezone() {
    if (this.#marks.length > 0) this.#show(this.#at);
  }

  async #show(at) {
    this.#at = (at + this.#marks.length) % this.#marks.length;
    const mark = this.#marks[this.#at];
    this.element.dataset.mark = mark.id;
    write(this.#title, mark.title);
    write(this.#text, mark.sentence);
    this.#turn.hidden = this.#marks.length < 2;
    write(this.#place, `${this.#at + 1} of ${this.#marks.length}`);
    this.#drawing.replaceChildren();
    this.#body.replaceChildren();
    write(this.#state, "Loading its ticks…");
    const found = await ticksOf(mark);
    if (mark !== this.#marks[this.#at]) return;
    if (found === null) {
      write(this.#state, "Its ticks are not stored any more.");
      return;
    }
    const { ticks, reference } = found;
    write(this.#state, `${format.counted(ticks.length, "tick")}, times in ${format.zoneName()}`);
    this.#drawing.append(drawing(ticks, reference));
    const digits = Math.max(...ticks.map(({ price }) => digitsOf(price)));
    this.#body.append(...ticks.slice(-LISTED_MAX).map(tick => h("tr", { class: tick.isBeyond ? "beyond" : null },
      h("td", {}, `${format.time(tick.at)}.${`${tick.at % 1000}`.padStart(3, "0")}`),
      h("td", { class: "number" }, format.price(tick.price, digits)),
      h("td", { class: "number" }, tick.volume === null ? "" : format.amount(tick.volume)))));
  }
}

/** The ticks that explain a mark, oldest first, with the price that it is measured from; null if they are not known. */
async function ticksOf(mark) {
  try {
    if (mark.kind !== "move") {
      const items = await between(mark.symbol, mark.at - AROUND_MS, mark.at);
      return items.length === 0 ? null : { ticks: inOrder(items, ({ at }) => at === mark.at), reference: null };
    }
    const answer = await fetch(`api/anomalies/${encodeURIComponent(mark.id)}`);
    if (!answer.ok) return null;
    const { window, referencePrice, newPrice, detectedAt } = await answer.json();
    if (window.length === 0) return null;
    // The window of its first spike, and what came of it.
    const first = Date.parse(detectedAt);
    const all = mark.until > first || mark.peak !== newPrice ? await between(mark.symbol, Date.parse(window[0].timestamp), mark.until) : [];
    const isBeyond = ({ at, price }) => at >= first && (price === newPrice || price === mark.peak);
    return { ticks: inOrder(all.length > window.length ? all : window, isBeyond), reference: referencePrice };
  } catch {
    return null;
  }
}

async function between(symbol, from, to) {
  const answer = await fetch(`${pathOf(symbol)}/ticks?from=${from}&to=${to + 1}&limit=${LISTED_MAX}`);
  return answer.ok ? (await answer.json()).items : [];
}

const inOrder = (ticks, isBeyond) =>
  ticks
    .map(({ timestamp, price, volume }) => ({ at: Date.parse(timestamp), price, volume }))
    .map(tick => ({ ...tick, isBeyond: isBeyond(tick) }))
    .sort((one, other) => one.at - other.at);

/** Draw ticks as steps: a price holds until the next one. */
function drawing(ticks, reference) {
  const prices = ticks.map(({ price }) => price);
  const [low, high] = [Math.min(...prices, reference ?? Infinity), Math.max(...prices, reference ?? -Infinity)];
  const [first, last] = [ticks[0].at, ticks.at(-1).at];
  // Of ticks at one moment only the order is known.
  const part = (at, i) => (last > first ? (at - first) / (last - first) : (i + 1) / (ticks.length + 1));
  const x = (at, i) => (EDGE + part(at, i) * (WIDTH - 2 * EDGE)).toFixed(1);
  const y = price => (high > low ? HEIGHT - EDGE - ((price - low) / (high - low)) * (HEIGHT - 2 * EDGE) : HEIGHT / 2).toFixed(1);
  const path = ticks.map(({ at, price }, i) => (i === 0 ? `M${x(at, i)},${y(price)}` : `H${x(at, i)}V${y(price)}`)).join("");
  const took = format.duration(last - first);
  const digits = Math.max(...prices.map(digitsOf));
  return h("figure", {},
    s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `Price from ${prices[0]} to ${prices.at(-1)} within ${took}` },
      reference === null ? null : s("line", { class: "reference", x1: EDGE, x2: WIDTH - EDGE, y1: y(reference), y2: y(reference) }),
      s("path", { d: path }),
      ...ticks.map(({ at, price, isBeyond }, i) => s("circle", { class: isBeyond ? "beyond" : null, cx: x(at, i), cy: y(price), r: isBeyond ? 4 : 2 }))),
    h("figcaption", {}, `${format.price(low, digits)} to ${format.price(high, digits)} ${last > first ? `within ${took}` : "at one moment"}; dashed: the price that the move is measured from`));
}
