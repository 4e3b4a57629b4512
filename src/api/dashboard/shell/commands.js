// Everything that can be done without pointing: commands, their keys, and the dialogs that list them.

import { addressOf } from "../desk.js";
import * as format from "../format.js";
import { matches, wordsOf } from "../words.js";
import { h, write } from "./dom.js";

const SHOWN_MAX = 50;

export class Commands {
  #desk;
  #all = [];
  #input = h("input", {
    type: "text", role: "combobox", "aria-label": "Search symbols and commands", "aria-controls": "found", "aria-expanded": "true",
    "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false", placeholder: "Symbol or command",
  });
  #list = h("ul", { id: "found", role: "listbox", "aria-label": "Found" });
  #about = h("p", { class: "hint", role: "status" });
  #palette = h("dialog", { id: "palette", "aria-label": "Search" }, this.#input, this.#list, this.#about);
  #keys = h("dl");
  #help = h("dialog", { id: "help", "aria-labelledby": "help-title" },
    h("h2", { id: "help-title" }, "Keys"), this.#keys,
    h("form", { method: "dialog" }, h("button", {}, "Close")));
  #found = [];
  #at = 0;

  constructor(desk) {
    this.#desk = desk;
    document.body.append(this.#palette, this.#help);
    this.#input.addEventListener("input", () => this.#search());
    this.#input.addEventListener("keydown", event => this.#paletteKey(event));
    // A click beside a dialog is one on the dialog itself.
    for (const dialog of [this.#palette, this.#help]) dialog.addEventListener("click", event => event.target === dialog && dialog.close());
    addEventListener("keydown", event => this.#key(event));
    this.add({ title: "Search symbols and commands", key: "Ctrl+K", run: () => this.search() });
    this.add({ title: "Keys", key: "?", run: () => this.help() });
  }

  /** command: { title, key, run }; key: one character, or null. */
  add(command) {
    this.#all.push(command);
  }

  search() {
    if (this.#palette.open) return;
    this.#input.value = "";
    this.#palette.showModal();
    this.#search();
  }

  help() {
    this.#keys.replaceChildren(...this.#all.filter(({ key }) => key).flatMap(({ title, key }) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, title)]));
    this.#help.showModal();
  }

  #search() {
    const words = wordsOf(this.#input.value);
    const symbols = [...this.#desk.market.rows.keys()].filter(symbol => matches(symbol, words));
    const [first = ""] = words;
    // What begins with the text comes first, be it behind the exchange.
    const rank = symbol => (symbol.startsWith(first) ? 0 : symbol.includes(`:${first}`) ? 1 : 2);
    symbols.sort((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
    const commands = this.#all.filter(({ title }) => words.length > 0 && matches(title.toUpperCase(), words));
    this.#found = [
      ...symbols.slice(0, SHOWN_MAX).map(symbol => ({ title: symbol, row: this.#desk.market.rows.get(symbol), run: () => (location.hash = addressOf(symbol)) })),
      ...commands,
    ];
    this.#list.replaceChildren(...this.#found.map((each, at) => {
      const about = each.row ? format.price(each.row.price, each.row.digits) : (each.key ?? "");
      return h("li", { role: "option", id: `found-${at}`, onclick: () => this.#run(each) }, h("span", {}, each.title), h("span", { class: "hint" }, about));
    }));
    const more = symbols.length > SHOWN_MAX ? `${SHOWN_MAX} of ${format.count(symbols.length)} symbols; type more to see others` : format.counted(symbols.length, "symbol");
    write(this.#about, this.#found.length > 0 ? more : "Nothing has that in its name.");
    this.#move(0);
  }

  #move(at) {
    this.#list.children[this.#at]?.removeAttribute("aria-selected");
    this.#at = Math.max(0, Math.min(this.#found.length - 1, at));
    const option = this.#list.children[this.#at];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.#input.setAttribute("aria-activedescendant", option.id);
    else this.#input.removeAttribute("aria-activedescendant");
  }

  #run(found) {
    this.#palette.close();
    found?.run();
  }

  #paletteKey(event) {
    const to = { ArrowDown: this.#at + 1, ArrowUp: this.#at - 1, PageDown: this.#at + 10, PageUp: this.#at - 10 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.#move(to);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#run(this.#found[this.#at]);
    }
  }

  #key(event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      this.search();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.("input, select, textarea, dialog")) return;
    const command = this.#all.find(({ key }) => key === event.key);
    if (command === undefined) return;
    event.preventDefault();
    command.run();
  }
}
