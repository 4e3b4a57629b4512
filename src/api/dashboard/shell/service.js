// What the service says of itself: its accounts and its state.

import * as format from "../format.js";
import { write } from "./dom.js";

const METRICS_MS = 1000;

/** Show the accounts of the service once a second, until the role of who is signed in turns out not to suffice. */
export async function showAccounts(ids) {
  try {
    const answer = await fetch("api/metrics");
    if (answer.status === 403) return;
    const told = await answer.json();
    write(ids("throughput"), format.count(told.throughputPerSecond));
    write(ids("symbols"), format.count(told.activeSymbols));
    for (const name of ["queued", "dropped", "late"]) {
      write(ids(name), format.count(told[name]));
      ids(name).dataset.some = told[name] > 0;
    }
  } catch {
    for (const name of ["throughput", "queued"]) write(ids(name), "–");
  }
  setTimeout(showAccounts, METRICS_MS, ids);
}

/** Whether the service stores history, and whether its prices are simulated; null if it does not answer. */
export async function health() {
  try {
    const { checks, simulated } = await (await fetch("health")).json();
    return { hasHistory: checks.storage !== "off", simulated };
  } catch {
    return null;
  }
}
