// Benchmarks of trading systems: the tests, and the last runs of one of them side by side.

import * as format from "../format.js";
import { h, select, write } from "../shell/dom.js";

const RUNS = 8;
const REFRESH_MS = 1000;
// Of each figure its name, where it is in a run, how it is written, and which way is better.
const FIGURES = [
  ["Trades a second", run => run.tradesPerSecond, format.amount, 1],
  ["Duration", run => run.durationSeconds * 1000, format.duration, 0],
  ["Trades", run => run.totalTrades, format.count, 0],
  ["Latency, minimum", run => run.latencyStats.minUs, format.micros, -1],
  ["Latency, mean", run => run.latencyStats.meanUs, format.micros, -1],
  ["Latency, p50", run => run.latencyStats.p50Us, format.micros, -1],
  ["Latency, p95", run => run.latencyStats.p95Us, format.micros, -1],
  ["Latency, p99", run => run.latencyStats.p99Us, format.micros, -1],
  ["Latency, maximum", run => run.latencyStats.maxUs, format.micros, -1],
  ["Queue full", run => run.queueFullCount, format.count, -1],
  ["Errors", run => run.errorCount, format.count, -1],
];

class Benchmarks {
  #tests = new Map();
  #chosen = null;
  #version = 0;
  #drawn = "";
  #asked = -Infinity;
  #choice = h("span", {});
  #summary = h("p", { class: "hint pad", "data-summary": "" });
  #none = h("p", { class: "hint pad" }, "No benchmark has run yet. Try: marketdata benchmark burst");
  #table = h("table", { class: "runs", "aria-label": "Runs, newest first" });

  constructor(desk) {
    desk.on("snapshot", ({ benchmarks }) => benchmarks && this.#take(benchmarks));
    desk.on("benchmarks", ({ benchmarks }) => this.#take(benchmarks));
    desk.on("zone", () => (this.#version += 1));
    this.element = h("section", { id: "benchmarks", "aria-label": "Benchmarks", tabindex: -1 },
      h("div", { class: "bar tools" }, this.#choice), this.#none, this.#summary, h("div", { class: "scroll pad" }, this.#table));
  }

  #take(benchmarks) {
    for (const test of benchmarks) this.#tests.set(`${test.testType} ${test.testName}`, test);
    this.#version += 1;
  }

  draw() {
    const names = [...this.#tests.keys()].sort();
    this.#none.hidden = names.length > 0;
    this.#chosen ??= names[0] ?? null;
    const drawn = [this.#version, this.#chosen].join();
    if (this.#chosen === null || drawn === this.#drawn || performance.now() - this.#asked < REFRESH_MS) return;
    this.#drawn = drawn;
    this.#asked = performance.now();
    this.#choice.replaceChildren(select("Test", names.map(name => [name, name]), this.#chosen, name => {
      this.#chosen = name;
      this.#asked = -Infinity;
    }));
    this.#fetch(this.#chosen);
  }

  async #fetch(chosen) {
    const test = this.#tests.get(chosen);
    const of = `testType=${encodeURIComponent(test.testType)}&testName=${encodeURIComponent(test.testName)}`;
    try {
      const answer = await fetch(`api/benchmarks?${of}&limit=${RUNS}`);
      if (!answer.ok || chosen !== this.#chosen) return;
      this.#show(test, (await answer.json()).items);
    } catch {}  // The stream reports a lost connection.
  }

  #show({ runs, throughput, p99, regressions }, shown) {
    write(this.#summary, `${format.counted(runs, "run")}, ${format.counted(regressions, "regression")}; throughput ${format.percent(throughput.trendPercent)} and p99 ${format.percent(p99.trendPercent)} against the runs before`);
    const head = h("tr", {}, h("th", { scope: "col" }, "Run"), ...shown.map(run => h("th", { scope: "col", class: "number" }, format.moment(Date.parse(run.timestamp)))));
    const rows = FIGURES.map(([name, of, written, better]) => {
      const values = shown.map(of);
      const best = better > 0 ? Math.max(...values) : Math.min(...values);
      const isBest = value => better !== 0 && value === best && values.some(each => each !== best);
      return h("tr", {}, h("th", { scope: "row" }, name), ...values.map(value => h("td", { class: isBest(value) ? "number best" : "number" }, written(value))));
    });
    this.#table.replaceChildren(h("thead", {}, head), h("tbody", {}, ...rows));
  }
}

export const benchmarks = { id: "benchmarks", title: "Benchmarks", place: "dock", needs: "benchmarks", open: desk => new Benchmarks(desk) };
