// What the panels share: the market, the moves, the symbol that is looked at, and what happens.

import { Market } from "./data/market.js";
import { Moves } from "./data/moves.js";
import { Commands } from "./shell/commands.js";

/** Tells: choose (symbol, mark to look at), move, settled, history, favourites, marks, zone, theme, and each message of the stream by its type. */
export class Desk {
  market = new Market();
  moves = new Moves();
  symbol = null;
  // Of the service against this computer's, in ms.
  clockOffset = 0;
  // Whether the service stores history; null until it has said so.
  hasHistory = null;
  // What there is to show without any price: channels, and panels.
  elsewhere = new Set();
  // What is marked on the chart besides moves: of each source, a function from a symbol to its marks (see chart/marks.js).
  marks = new Map();
  // Says something on the live stream.
  say = () => {};
  #commands = new Commands(this);
  #listeners = new Map();

  now() {
    return Date.now() + this.clockOffset;
  }

  on(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, []);
    this.#listeners.get(event).push(listener);
  }

  tell(event, ...about) {
    for (const listener of this.#listeners.get(event) ?? []) listener(...about);
  }

  /** Add something that can be done by name, and by key: { title, key, run }. */
  command(command) {
    this.#commands.add(command);
  }

  search() {
    this.#commands.search();
  }

  /** Look at a symbol. mark: something on its chart to bring into sight. */
  choose(symbol, mark = null) {
    const changed = symbol !== this.symbol;
    this.symbol = symbol;
    if (changed || mark !== null) this.tell("choose", symbol, mark);
  }
}

/** The address of a symbol on this page. A fragment may hold most of what a symbol may. */
export const addressOf = symbol =>
  `#/${encodeURIComponent(symbol).replace(/%(?:3A|2F|40|24|26|2B|3D)/g, decodeURIComponent)}`;

/** The path of a symbol in the API; null for names that a path cannot hold. */
export const pathOf = symbol => (symbol === "." || symbol === ".." ? null : `api/prices/${encodeURIComponent(symbol)}`);
