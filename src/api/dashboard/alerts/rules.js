// The rules, and the form that makes and changes them, with a preview of what a rule would have raised.

import { post, send } from "../shell/account.js";
import { h, write } from "../shell/dom.js";
import { said } from "./conditions.js";
import { Preview, problemOf } from "./preview.js";
import { RuleForm } from "./rule-form.js";

const PAGE = 1000;

class RuleList {
  #desk;
  #rules = [];
  #list = h("ul", { id: "rules", class: "entries", "aria-label": "Rules" });
  #none = h("p", { class: "hint pad" }, "No rules yet. A rule watches symbols for a condition, and raises an alert when it becomes true.");
  #new = h("button", { type: "button", onclick: () => this.#begin() }, "New rule");
  #wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  #form = new RuleForm({ changed: () => this.#preview.try(), saved: () => this.#save(), left: () => this.#leave() });
  #preview;
  #editor;
  #edited = null;

  constructor(desk) {
    this.#desk = desk;
    this.#preview = new Preview(desk, () => this.#form.get(), text => this.#form.complain(text));
    this.#editor = h("div", { class: "editor", hidden: true }, this.#form.element);
    this.#preview.element.hidden = true;
    this.element = h("section", { "aria-label": "Rules", tabindex: -1 },
      h("div", { class: "bar tools" }, this.#new, this.#preview.element),
      this.#wrong,
      h("div", { class: "scroll" }, this.#editor, this.#none, this.#list));
    this.element.addEventListener("keydown", event => event.key === "Escape" && this.#leave());
    desk.on("settled", () => this.#fetch());
    desk.command({ title: "New rule for this symbol", run: () => this.#begin() });
    this.#fetch();
  }

  async #fetch() {
    try {
      const answer = await fetch(`api/rules?limit=${PAGE}`);
      if (!answer.ok) return;
      this.#rules = (await answer.json()).items;
      this.#show();
    } catch {}  // The stream reports a lost connection.
  }

  #show() {
    this.#none.hidden = this.#rules.length > 0;
    this.#list.replaceChildren(...this.#rules.map(rule => this.#item(rule)));
  }

  #item(rule) {
    const button = (label, act, more = {}) => h("button", { type: "button", "aria-label": `${label} ${rule.name}`, onclick: act, ...more }, label);
    return h("li", { "data-severity": rule.severity, "data-rule": rule.id, "data-enabled": `${rule.enabled}` },
      h("span", { class: "severity" }, rule.severity),
      h("span", { class: "what" }, h("strong", {}, rule.name), rule.enabled ? "" : " (off)"),
      h("span", { class: "what" }, `${rule.keys.join(", ")} ${said(rule.condition)}`),
      h("span", { class: "actions" },
        button(rule.enabled ? "Switch off" : "Switch on", () => this.#put({ ...rule, enabled: !rule.enabled })),
        button("Edit", () => this.#edit(rule)),
        button("Delete", () => this.#delete(rule))));
  }

  #begin() {
    const symbol = this.#desk.symbol ?? "*";
    this.#edit({ name: `${symbol} moves`, subject: "prices", keys: [symbol], condition: { move: { percent: 2, withinMs: 5000, direction: "any" } }, severity: "warning", cooldownSeconds: 60, enabled: true, notify: [], note: "" });
  }

  #edit(rule) {
    this.#edited = rule;
    this.#editor.hidden = this.#preview.element.hidden = false;
    this.#form.set(rule);
    this.#preview.try();
  }

  #leave() {
    if (this.#editor.hidden) return;
    this.#editor.hidden = this.#preview.element.hidden = true;
    this.#preview.clear();
    this.#new.focus();
  }

  async #save() {
    const rule = this.#form.get();
    if (rule === null) {
      this.#form.complain("The condition is not JSON.");
      return;
    }
    const problem = this.#edited.id === undefined ? await this.#ask(post("api/rules", rule)) : await this.#put({ ...rule, revision: this.#edited.revision });
    this.#form.complain(problem);
    if (problem === null) this.#leave();
  }

  #put({ revision, ...rule }) {
    return this.#ask(send("PUT", `api/rules/${encodeURIComponent(rule.id)}`, rule, { "If-Match": `"${revision}"` }));
  }

  #delete({ id, revision }) {
    return this.#ask(send("DELETE", `api/rules/${encodeURIComponent(id)}`, undefined, { "If-Match": `"${revision}"` }));
  }

  /** Wait for a change, and show the rules as they are then. Returns what was wrong, or null. */
  async #ask(request) {
    let problem = null;
    try {
      const answer = await request;
      if (!answer.ok) problem = problemOf(await answer.json());
    } catch {
      problem = "The service does not answer.";
    }
    this.#wrong.hidden = problem === null || !this.#editor.hidden;
    write(this.#wrong, problem ?? "");
    await this.#fetch();
    return problem;
  }
}

export const rules = { id: "rules", title: "Rules", place: "dock", needs: "alerts", open: desk => new RuleList(desk) };
