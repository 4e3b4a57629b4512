// The form of one rule. What it cannot show, such as combined conditions, is edited as JSON.

import { h, select, write } from "../shell/dom.js";
import { CONDITIONS, simple } from "./conditions.js";

const SEVERITIES = ["info", "warning", "critical"];
const JSON_KIND = "json";

export class RuleForm {
  #name = h("input", { name: "name", required: true, maxlength: 100, autocomplete: "off" });
  #keys = h("input", { name: "keys", required: true, autocomplete: "off", spellcheck: "false", placeholder: "BTCUSD, KRAKEN:*" });
  #kind = h("select", { name: "kind" }, ...Object.entries(CONDITIONS).map(([name, { title }]) => h("option", { value: name }, title)), h("option", { value: JSON_KIND }, "as JSON"));
  #fields = h("div", { class: "fields" });
  #severity = select("Severity", SEVERITIES.map(name => [name, name]), "warning", () => {});
  #cooldown = h("input", { name: "cooldown", type: "number", min: 0, step: "any", value: 60, required: true });
  #notify = h("input", { name: "notify", autocomplete: "off", spellcheck: "false" });
  #note = h("input", { name: "note", maxlength: 1000 });
  #wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  #given = {};

  /** changed(): something was typed or chosen. saved(): the form was submitted. left(): it was cancelled. */
  constructor({ changed, saved, left }) {
    const labelled = (text, field) => h("label", {}, h("span", {}, text), field);
    this.element = h("form", { class: "rule", "aria-label": "Rule" },
      labelled("Name", this.#name), labelled("Symbols", this.#keys), labelled("When one", this.#kind), this.#fields,
      labelled("Severity", this.#severity), labelled("Pause in s", this.#cooldown), labelled("Notify", this.#notify), labelled("Note", this.#note),
      this.#wrong,
      h("p", { class: "actions" }, h("button", {}, "Save"), " ", h("button", { type: "button", onclick: left }, "Cancel")));
    this.#kind.addEventListener("change", () => this.#show(this.#kind.value, {}));
    this.element.addEventListener("input", changed);
    this.element.addEventListener("submit", event => {
      event.preventDefault();
      saved();
    });
  }

  /** Show a rule, as the service gives it or as the beginning of a new one. */
  set(rule) {
    this.#given = rule;
    this.#wrong.hidden = true;
    this.#name.value = rule.name;
    this.#keys.value = rule.keys.join(", ");
    this.#severity.value = rule.severity;
    this.#cooldown.value = rule.cooldownSeconds;
    this.#notify.value = rule.notify.join(", ");
    this.#note.value = rule.note;
    const [kind, values] = simple(rule.condition) ?? [JSON_KIND, rule.condition];
    this.#kind.value = kind;
    this.#show(kind, values);
    this.#name.focus();
  }

  /** The rule as it is typed; null where that is none yet. */
  get() {
    if (!this.element.checkValidity()) return null;
    const condition = this.#condition();
    if (condition === null) return null;
    const { id, subject, clear, enabled } = this.#given;
    const rule = {
      name: this.#name.value,
      subject,
      keys: listOf(this.#keys.value),
      condition,
      severity: this.#severity.value,
      cooldownSeconds: Number(this.#cooldown.value),
      enabled,
      notify: listOf(this.#notify.value),
      note: this.#note.value,
    };
    return { ...(id === undefined ? {} : { id }), ...(clear ? { clear } : {}), ...rule };
  }

  /** Say what is wrong with it; null to take it back. */
  complain(text) {
    this.#wrong.hidden = text === null;
    write(this.#wrong, text ?? "");
  }

  #show(kind, values) {
    if (kind === JSON_KIND) {
      const text = Object.keys(values).length > 0 ? values : { any: [{ level: { above: 100 } }, { level: { below: 50 } }] };
      this.#fields.replaceChildren(h("label", { class: "wide" }, h("span", {}, "Condition"), h("textarea", { name: JSON_KIND, rows: 4, spellcheck: "false" }, JSON.stringify(text))));
      return;
    }
    this.#fields.replaceChildren(...CONDITIONS[kind].fields.map(({ name, label, value, options, ...more }) => {
      const now = values[name] ?? (Object.keys(values).length > 0 ? "" : value);
      const field = options === undefined ? h("input", { name, value: `${now}`, ...more }) : select(label, options.map(each => [each, each]), now, () => {});
      field.name = name;
      return h("label", {}, h("span", {}, label), field);
    }));
  }

  #condition() {
    const fields = [...this.#fields.querySelectorAll("[name]")];
    if (this.#kind.value === JSON_KIND) {
      try {
        return JSON.parse(fields[0].value);
      } catch {
        return null;
      }
    }
    const values = fields.filter(({ value }) => value !== "").map(({ name, type, value }) => [name, type === "number" ? Number(value) : value]);
    return { [this.#kind.value]: Object.fromEntries(values) };
  }
}

const listOf = text => text.split(",").map(each => each.trim()).filter(Boolean);
