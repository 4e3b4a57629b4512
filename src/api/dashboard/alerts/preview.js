// What a rule would have raised: tried on the recorded past of the symbols, said in words and marked on the chart.

import * as format from "../format.js";
import { send } from "../shell/account.js";
import { h, select, write } from "../shell/dom.js";
import { markOf } from "./panel.js";

const TYPING_MS = 500;
const DAY_MS = 86_400_000;
const PERIODS = { hour: DAY_MS / 24, day: DAY_MS, week: 7 * DAY_MS };

export class Preview {
  #desk;
  #rule;
  #wrong;
  #said = h("p", { id: "would", role: "status" });
  #period = "day";
  #timer = 0;
  // Of the try that runs: the service stops one that nobody waits for.
  #running = new AbortController();
  #alerts = [];

  /** rule(): the rule to try, or null; wrong(text): says what is wrong with it, null if nothing is. */
  constructor(desk, rule, wrong) {
    this.#desk = desk;
    this.#rule = rule;
    this.#wrong = wrong;
    desk.marks.set("preview", symbol => this.#alerts.filter(({ key }) => key === symbol).map(alert => markOf(alert, "preview")));
    const period = select("Period of the preview", Object.keys(PERIODS).map(name => [name, `last ${name}`]), this.#period, value => {
      this.#period = value;
      this.try();
    });
    this.element = h("div", { class: "preview" }, period, this.#said);
  }

  /** Try the rule as it is now, once nobody has typed for a moment. */
  try() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run(), TYPING_MS);
  }

  clear() {
    clearTimeout(this.#timer);
    this.#running.abort();
    this.#show([], "");
  }

  async #run() {
    const rule = this.#rule();
    this.#running.abort();
    const { signal } = (this.#running = new AbortController());
    if (rule === null) {
      this.#show([], "Fill in the rule to see how often it would have fired.");
      return;
    }
    // Recordings of the past have no yesterday: the last of what there is counts.
    const to = (this.#desk.market.rows.get(this.#desk.symbol)?.time ?? this.#desk.now()) + 1;
    write(this.#said, "Trying it on the past…");
    try {
      const times = { from: new Date(to - PERIODS[this.#period]).toISOString(), to: new Date(to).toISOString() };
      const answer = await send("POST", "api/rules/backtest", { rule, ...times }, {}, signal);
      const told = await answer.json();
      this.#wrong(answer.ok ? null : problemOf(told));
      if (!answer.ok) this.#show([], "");
      else this.#show(told.result.alerts, this.#words(told.result, to));
    } catch {
      if (!signal.aborted) this.#show([], "The service does not answer.");
    }
  }

  #show(alerts, words) {
    this.#alerts = alerts;
    write(this.#said, words);
    this.#desk.tell("marks");
  }

  #words({ alerts, total, byKey }, to) {
    const here = alerts.filter(({ key }) => key === this.#desk.symbol).length;
    const on = byKey.length > 1 ? ` on ${format.counted(byKey.length, "symbol")}` : "";
    const marked = here > 0 ? `, ${format.count(here)} marked on the chart` : "";
    return `Would have fired ${format.counted(total, "time")}${on} in the ${this.#period} before ${format.full(to, false)}${marked}.`;
  }
}

/** A problem in words, field by field where it has fields. */
export const problemOf = ({ detail, errors }) => (errors ? errors.map(({ field, message }) => `${field} ${message}`).join("; ") : detail);
