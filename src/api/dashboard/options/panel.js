// Option chains: a product and an expiry, and one of several views of them. Asked for once a second while it is in sight,
// because the service works out no figure that nobody looks at.

import * as format from "../format.js";
import { h, select, write } from "../shell/dom.js";
import { prefer, preference } from "../shell/preferences.js";
import { ChainView } from "./chain.js";
import { HistoryView } from "./history.js";
import { OpenInterestView, PainView } from "./interest.js";
import { SmileView, SurfaceView } from "./surface.js";

const EVERY_MS = 1000;
// How often products and expiries are looked for.
const FIND_MS = 30_000;
const VIEWS = [ChainView, OpenInterestView, PainView, HistoryView, SmileView, SurfaceView];
const WINDOWS = [["", "since the close"], ["5", "over 5 min"], ["15", "over 15 min"], ["60", "over 1 h"], ["1440", "over 1 d"]];
const FIGURES = [["spot", "Spot"], ["pcr", "PCR"], ["pain", "Max pain"], ["straddle", "Straddle"], ["iv", "IV at the money"], ["age", "Age"]];

class OptionDesk {
  #desk;
  #products = [];
  #product = null;
  #expiry = null;
  #asked = -Infinity;
  #found = -Infinity;
  #asking = false;
  #version = 0;
  #views = new Map();
  #view = null;
  #none = h("p", { class: "hint pad" }, "No option chains yet. Post one to /api/options/chains, and it appears here.");
  #wrong = h("p", { class: "wrong", role: "status", hidden: true });
  #productField = select("Product", [], "", value => this.#choose(value));
  #expiryField = select("Expiry", [], "", value => this.#pick(value));
  #windowField = select("Changes", WINDOWS, preference("option-window", ""), value => (prefer("option-window", value), this.#again()));
  #figures = new Map();
  #stage = h("div", { class: "option-stage" });
  #choices;
  #box;

  constructor(desk) {
    this.#desk = desk;
    for (const View of VIEWS) this.#views.set(View.id, new View(() => this.#again()));
    this.#choices = h("div", { class: "choice", role: "group", "aria-label": "View of the options" },
      ...VIEWS.map(({ id, title }) => h("button", { type: "button", "data-view": id, onclick: () => this.#show(id) }, title)));
    const figures = h("dl", { class: "option-figures" }, ...FIGURES.map(([id, title]) => {
      const value = h("dd", { "data-figure": id }, "–");
      this.#figures.set(id, value);
      return h("div", {}, h("dt", {}, title), value);
    }));
    this.#box = h("div", { class: "option-box", hidden: true },
      h("div", { class: "bar tools" }, this.#productField, this.#expiryField, this.#choices, this.#windowField,
        ...[...this.#views.values()].map(view => view.tools).filter(Boolean)),
      figures, this.#stage);
    this.element = h("section", { id: "options", "aria-label": "Options", tabindex: -1 }, this.#wrong, this.#none, this.#box);
    this.#show(preference("option-view", ChainView.id));
    desk.on("settled", () => this.#find());
    desk.on("choose", symbol => this.#products.some(each => each.product === symbol) && this.#choose(symbol));
    desk.on("zone", () => this.#again());
    for (const { id, title } of VIEWS) desk.command({ title: `Options: ${title.toLowerCase()}`, run: () => this.#open(id) });
  }

  draw(now) {
    if (this.#asking || now - this.#asked < EVERY_MS) return;
    this.#ask(now);
  }

  #open(id) {
    this.#show(id);
    document.getElementById("tab-options")?.click();
  }

  #show(id) {
    this.#view = this.#views.get(id) ?? this.#views.get(ChainView.id);
    const shown = this.#view.constructor.id;
    prefer("option-view", shown);
    this.#stage.replaceChildren(this.#view.element);
    for (const button of this.#choices.children) button.setAttribute("aria-pressed", `${button.dataset.view === shown}`);
    for (const view of this.#views.values()) if (view.tools) view.tools.hidden = view !== this.#view;
    this.#windowField.hidden = !this.#view.constructor.hasWindow;
    this.#again();
  }

  #choose(product) {
    if (product === this.#product) return;
    this.#product = product;
    this.#expiry = null;
    this.#offer();
    this.#again();
  }

  #pick(expiry) {
    this.#expiry = expiry;
    this.#again();
  }

  #again() {
    this.#asked = -Infinity;
    this.#version += 1;
  }

  async #find() {
    try {
      const answer = await fetch("api/options");
      if (!answer.ok) return;
      this.#products = (await answer.json()).items;
    } catch {
      return;  // The stream reports a lost connection.
    }
    this.#desk.elsewhere[this.#products.length > 0 ? "add" : "delete"]("options");
    this.#none.hidden = this.#products.length > 0;
    this.#box.hidden = this.#products.length === 0;
    this.#found = this.#desk.now();
    this.#offer();
  }

  /** Offer the products, and the expiries of the one that is shown. */
  #offer() {
    const names = this.#products.map(each => each.product);
    if (!names.includes(this.#product)) this.#product = names.includes(this.#desk.symbol) ? this.#desk.symbol : names[0] ?? null;
    const { expiries = [] } = this.#products.find(each => each.product === this.#product) ?? {};
    if (!expiries.includes(this.#expiry)) this.#expiry = null;
    options(this.#productField, names.map(name => [name, name]), this.#product);
    options(this.#expiryField, [["", "nearest"], ...expiries.map(day => [day, day])], this.#expiry ?? "");
  }

  async #ask(now) {
    this.#asked = now;
    this.#asking = true;
    try {
      if (now - this.#found > FIND_MS || this.#products.length === 0) await this.#find();
      if (this.#product !== null) await this.#fetch(now);
    } catch {}  // The stream reports a lost connection.
    this.#asking = false;
  }

  async #fetch(now) {
    const version = this.#version;
    const path = `api/options/${encodeURIComponent(this.#product)}`;
    const asked = { expiry: this.#expiry || undefined, windowMinutes: this.#windowField.value || undefined };
    const answers = await Promise.all(this.#view.asks(asked).map(([route, query]) => get(`${path}/${route}`, query)));
    // What was asked for may be looked at no longer.
    if (version !== this.#version) return;
    const refused = answers.find(({ problem }) => problem !== undefined);
    this.#wrong.hidden = refused === undefined;
    write(this.#wrong, refused?.problem ?? "");
    if (refused?.status === 404) await this.#find();
    if (refused !== undefined) return;
    const [head, ...others] = answers.map(({ body }) => body);
    this.#tell(head, now);
    this.#view.take(head, ...others);
  }

  #tell(head, now) {
    const told = {
      spot: head.spotPrice === null ? "–" : `${number(head.spotPrice)} (${head.spotSource})`,
      pcr: head.pcrOi === null ? "–" : head.pcrOi.toFixed(2),
      pain: number(head.maxPainStrike),
      straddle: head.atmStraddlePrice === null ? "–" : `${number(head.atmStraddlePrice)} at ${number(head.atmStrike)}, ±${head.atmStraddlePercent.toFixed(2)}%`,
      iv: head.atmIv === null ? "–" : `${(head.atmIv * 100).toFixed(1)}%`,
      age: format.age(now - Date.parse(head.asOf)),
    };
    for (const [id, text] of Object.entries(told)) write(this.#figures.get(id), text);
  }
}

function options(field, pairs, value) {
  const known = [...field.options].map(each => each.value).join("\n");
  if (known !== pairs.map(([key]) => key).join("\n")) field.replaceChildren(...pairs.map(([key, text]) => h("option", { value: key }, text)));
  field.value = value ?? "";
}

const number = value => (value === null ? "–" : format.price(value, Math.min(2, format.digitsOf(value))));

/** { body }, or { problem, status }. The browser's cache asks with the ETag, so what has not changed is not sent again. */
async function get(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const answer = await fetch(given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`);
  const body = await answer.json();
  return answer.ok ? { body } : { problem: body.detail ?? body.title, status: answer.status };
}

export const optionChains = { id: "options", title: "Options", place: "dock", open: desk => new OptionDesk(desk) };
