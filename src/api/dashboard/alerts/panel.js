// The alerts that rules have raised: seen, acknowledged and resolved here, and marked on the chart.

import { addressOf } from "../desk.js";
import * as format from "../format.js";
import { post } from "../shell/account.js";
import { h, select, toggle, write } from "../shell/dom.js";

const PAGE = 100;
const KEPT_MAX = 2000;
const STATES = [["open", "Open"], ["raised", "Raised"], ["acknowledged", "Acknowledged"], ["resolved", "Resolved"], ["all", "All"]];

class AlertList {
  #desk;
  #alerts = new Map();
  #version = 0;
  #drawn = "";
  #state = "open";
  #onlyOne = false;
  #list = h("ol", { id: "alerts", class: "entries", "aria-label": "Alerts, newest first" });
  #none = h("p", { class: "hint pad" });
  #said = h("p", { class: "unseen", role: "status" });
  #wrong = h("p", { class: "wrong", role: "alert", hidden: true });

  constructor(desk) {
    this.#desk = desk;
    desk.on("alert", ({ alert }) => this.#heard(alert));
    desk.on("settled", () => this.#fetch());
    desk.on("zone", () => (this.#version += 1));
    desk.marks.set("alerts", symbol => [...this.#alerts.values()].filter(({ key, subject }) => key === symbol && subject === "prices").map(markOf));
    this.element = h("section", { "aria-label": "Alerts", tabindex: -1 },
      h("div", { class: "bar tools" },
        select("State of alerts", STATES, this.#state, value => (this.#state = value)),
        toggle("This symbol", false, on => (this.#onlyOne = on), { "aria-label": "Only alerts of this symbol" })),
      this.#wrong, this.#none, h("div", { class: "scroll" }, this.#list), this.#said);
    this.#fetch();
  }

  badge() {
    const raised = [...this.#alerts.values()].filter(({ state }) => state === "raised").length;
    return raised > 0 ? format.count(raised) : "";
  }

  draw() {
    const drawn = [this.#version, this.#state, this.#onlyOne && this.#desk.symbol].join();
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const listed = [...this.#alerts.values()].filter(alert => this.#isListed(alert));
    listed.sort((one, other) => other.at - one.at);
    // The focus stays on the alert that it is on.
    const { id, action } = document.activeElement?.dataset ?? {};
    const hadFocus = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(...listed.slice(0, PAGE).map(alert => this.#item(alert)));
    if (hadFocus) (this.#list.querySelector(`[data-id="${id}"][data-action="${action}"]`) ?? this.element).focus();
    this.#none.hidden = listed.length > 0;
    write(this.#none, this.#alerts.size === 0 ? "No alert so far. Rules raise them: see the tab Rules." : "No alert in this state.");
  }

  #isListed({ state, key }) {
    if (this.#onlyOne && key !== this.#desk.symbol) return false;
    return this.#state === "all" || state === this.#state || (this.#state === "open" && state !== "resolved");
  }

  #item(alert) {
    const { id, key, severity, state, ruleName, explanation, at, count } = alert;
    const act = (action, label) => h("button", { type: "button", "data-id": id, "data-action": action, "aria-label": `${label} ${ruleName} of ${key}`, onclick: () => this.#act(id, action) }, label);
    const by = alert.acknowledgedBy === null ? "" : ` by ${alert.acknowledgedBy}`;
    return h("li", { "data-severity": severity, "data-state": state },
      h("span", { class: "severity" }, severity),
      h("a", { href: addressOf(key), "data-id": id, "data-action": "look", onclick: event => this.#look(event, alert) }, key),
      h("span", { class: "what" }, h("strong", {}, ruleName), ` ${explanation}`, count > 1 ? ` · ${format.counted(count, "time")}` : ""),
      h("span", { class: "hint" }, `${state}${by} · ${format.moment(at)}`),
      h("span", { class: "actions" }, state === "raised" ? act("acknowledge", "Acknowledge") : null, state === "resolved" ? null : act("resolve", "Resolve")));
  }

  #look(event, alert) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || alert.subject !== "prices") return;
    event.preventDefault();
    location.hash = addressOf(alert.key);
    this.#desk.choose(alert.key, markOf(alert));
  }

  async #act(id, action) {
    this.#wrong.hidden = true;
    try {
      const answer = await post(`api/alerts/${encodeURIComponent(id)}/${action}`);
      const told = await answer.json();
      if (answer.ok) this.#take(told);
      else this.#fail(told.detail);
    } catch {
      this.#fail("The service does not answer.");
    }
  }

  #fail(text) {
    this.#wrong.hidden = false;
    write(this.#wrong, text);
  }

  #heard(alert) {
    const isNew = !this.#alerts.has(alert.id);
    this.#take(alert);
    if (isNew) write(this.#said, `${alert.severity} alert: ${alert.key} ${alert.ruleName}, ${alert.explanation}`);
  }

  async #fetch() {
    try {
      const answer = await fetch(`api/alerts?limit=${PAGE}`);
      if (!answer.ok) return;
      for (const alert of (await answer.json()).items) this.#take(alert);
    } catch {}  // The stream reports a lost connection.
  }

  #take(alert) {
    this.#alerts.delete(alert.id);
    this.#alerts.set(alert.id, { ...alert, at: Date.parse(alert.raisedAt) });
    while (this.#alerts.size > KEPT_MAX) this.#alerts.delete(this.#alerts.keys().next().value);
    this.#version += 1;
    this.#desk.tell("marks");
  }
}

/** The mark of an alert on the chart. */
export function markOf({ id, key, severity, ruleName, explanation, raisedAt }, kind = "alert") {
  const at = Date.parse(raisedAt);
  return {
    id, kind, at, symbol: key, until: at, up: null, size: 0, text: ruleName,
    title: `${ruleName} · ${severity}`,
    sentence: `${explanation}, at ${format.full(at)}.`,
  };
}

export const alerts = { id: "alerts", title: "Alerts", place: "dock", needs: "alerts", open: desk => new AlertList(desk) };
