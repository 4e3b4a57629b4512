// What the symbol costs, and how it has changed.

import { Changes, change, CHANGES } from "../data/changes.js";
import { Day } from "../data/day.js";
import * as format from "../format.js";
import { h, toggle, write } from "../shell/dom.js";
import { prefer, preference } from "../shell/preferences.js";

const WANT_MS = 1000;

export class Quote {
  #desk;
  #changes;
  #day;
  #wantedAt = -Infinity;
  #star = toggle("☆", false, () => this.#favour(), { id: "favourite" });
  #title = h("h2", { id: "detail-title" }, "–");
  #price = h("strong");
  #about = h("span", {});
  #less = h("span", { class: "less" });
  #range = h("span", { class: "less", id: "day", title: "The day before the newest tick, by candles of 15 minutes" });

  constructor(desk) {
    this.#desk = desk;
    this.#changes = new Changes(desk);
    this.#day = new Day(desk);
    desk.on("favourites", () => this.#showStar());
    desk.on("choose", symbol => {
      write(this.#title, symbol);
      this.#showStar();
    });
    this.element = h("div", { class: "bar" }, this.#star, this.#title, h("p", { id: "quote" }, this.#price, " ", this.#about, " ", this.#less, " ", this.#range));
  }

  /** row: null for a symbol that is not known. */
  draw(row) {
    const known = row === null ? [] : CHANGES.filter(span => !Number.isNaN(change(row, span)));
    const changes = known.map(span => `${format.percent(change(row, span))} in ${span}`).join(" · ");
    write(this.#price, row === null ? "" : `${format.arrow(row.direction)} ${format.price(row.price, row.digits)}`.trim());
    this.#price.dataset.direction = row?.direction ?? 0;
    write(this.#about, row === null && this.#desk.symbol !== null ? "Nothing is known of it yet." : changes);
    write(this.#less, row === null ? "" : `${changes && "· "}${format.counted(row.count, "update")} · ${format.age(this.#desk.now() - row.time)} old`);
    write(this.#range, row === null ? "" : this.#dayOf(row));
    if (row === null || performance.now() - this.#wantedAt < WANT_MS) return;
    this.#wantedAt = performance.now();
    this.#changes.want([row], CHANGES, [], null);
  }

  #dayOf(row) {
    const day = this.#day.of(row);
    if (day === null) return "";
    const volume = day.volume === null ? "" : ` · volume ${format.amount(day.volume)}`;
    return `· 24 h ${format.price(day.low, row.digits)} to ${format.price(day.high, row.digits)}${volume}`;
  }

  #favour() {
    const favourites = new Set(preference("favourites", []));
    if (!favourites.delete(this.#desk.symbol)) favourites.add(this.#desk.symbol);
    prefer("favourites", [...favourites]);
    this.#desk.tell("favourites");
  }

  #showStar() {
    const on = preference("favourites", []).includes(this.#desk.symbol);
    this.#star.setAttribute("aria-pressed", `${on}`);
    this.#star.setAttribute("aria-label", `Favourite ${this.#desk.symbol}`);
    write(this.#star, on ? "★" : "☆");
  }
}
