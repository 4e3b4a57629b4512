// The moves that are known: what the service counts as one event, however many of its ticks were spikes.

const KEPT_MAX = 5000;

export class Moves {
  // Incremented with every change.
  version = 0;
  #byId = new Map();
  #sorted = [];
  #sortedVersion = 0;

  /** Add a move as of now, or update it. Returns it as { id, symbol, direction, at, until, count, percent, severity, from, to }. */
  take(given) {
    let move = this.#byId.get(given.id);
    if (move === undefined) {
      move = { id: given.id, symbol: given.symbol, direction: given.direction, at: Date.parse(given.startedAt), until: null, count: 0 };
      this.#byId.set(given.id, move);
    }
    // An answer may be older than what the stream has said since.
    if (given.count > move.count || (given.endedAt !== null && move.until === null)) {
      move.count = given.count;
      move.percent = given.peakPercent;
      move.severity = given.severity;
      move.from = given.referencePrice;
      move.to = given.peakPrice;
      move.until = given.endedAt === null ? null : Date.parse(given.endedAt);
      this.version += 1;
    }
    return move;
  }

  get(id) {
    return this.#byId.get(id);
  }

  /** Oldest first. */
  all() {
    if (this.#sortedVersion !== this.version) {
      this.#sortedVersion = this.version;
      this.#sorted = [...this.#byId.values()].sort((one, other) => one.at - other.at);
      for (const move of this.#sorted.splice(0, Math.max(0, this.#sorted.length - KEPT_MAX))) this.#byId.delete(move.id);
    }
    return this.#sorted;
  }

  of(symbol) {
    return this.all().filter(move => move.symbol === symbol);
  }
}
