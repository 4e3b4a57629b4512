// Wires the page together: messages update the market and the moves, which are drawn ten times a second.

import { showAccount } from "./account.js";
import { Chart } from "./chart.js";
import * as format from "./format.js";
import { listen } from "./keyboard.js";
import { Live } from "./live.js";
import { Market } from "./market.js";
import { Moves } from "./moves.js";
import { Table } from "./table.js";
import { welcome } from "./welcome.js";

const DRAW_MS = 100;
const METRICS_MS = 1000;
const INTERVAL_MS = 200;
// With this many symbols there is more to parse than to see.
const INTERVAL_OF_MANY_MS = 500;
const MANY = 500;
const MOVES_PAGE = 1000;
// After this long without drawing, the chart has missed points.
const MISSED_MS = 2500;

const $ = id => document.getElementById(id);
const market = new Market();
const moves = new Moves($("feed"), $("none"), $("aloud"));
const chart = new Chart($("chart"));
const table = new Table(market, {
  scroller: $("scroller"),
  body: $("rows"),
  filter: $("filter"),
  heads: [...document.querySelectorAll("thead th")],
  shown: $("shown"),
});
let clockOffset = 0;
let interval = INTERVAL_MS;
let lastHeard = null;
let marksChanged = false;
// The charted row, the count last drawn, and when it was drawn.
let charted = null;
let chartedCount = 0;
let chartedAt = 0;
let lookAt = null;

chart.onset = () => {
  marksChanged = true;
};
chart.onfill = () => {
  const first = Number.isFinite(chart.first) ? `&from=${new Date(chart.first * 1000).toISOString()}` : "";
  fetchMoves(`&symbol=${encodeURIComponent(chart.symbol)}${first}`);
  if (lookAt !== null) chart.look(lookAt);
  lookAt = null;
};

function setZone(local) {
  $("zone").textContent = format.setZone(local);
  $("zone").setAttribute("aria-pressed", `${local}`);
  chart.rewrite();
  moves.rewrite();
}

$("zone").addEventListener("click", () => {
  const local = $("zone").getAttribute("aria-pressed") !== "true";
  localStorage.setItem("zone", local ? "local" : "UTC");
  setZone(local);
});
setZone(localStorage.getItem("zone") === "local");

const live = new Live({
  state(word, reason) {
    if (word === "open") {
      market.begin();
      live.say({ op: "subscribe", symbols: ["*"], channels: ["prices", "moves"], intervalMs: interval });
      fetchMoves();
      fetchHealth();
    } else {
      say("lost", "No connection");
      $("lost").hidden = false;
      const since = lastHeard === null ? "" : ` What is shown is from ${format.time(lastHeard)}.`;
      const text = `The connection to the service is lost${reason ? ` (${reason})` : ""}.${since} Trying again…`;
      // Screen readers announce every write.
      if ($("lost").textContent !== text) $("lost").textContent = text;
      $("lag").textContent = "–";
    }
  },
  message(message) {
    lastHeard = Date.now();
    if (message.type === "snapshot") {
      market.snapshot(message);
      if (message.last) settled();
    } else if (message.type === "prices") {
      market.take(message.prices);
    } else if (message.type === "move") {
      moved(moves.takeLive(message.move));
    } else if (message.type === "gap") {
      fetchMoves();
    } else if (message.type === "error") {
      console.error(message.message);
    }
  },
  lag(ms, offset) {
    clockOffset = offset;
    $("lag").textContent = `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
  },
});

function settled() {
  say("open", "Live");
  $("lost").hidden = true;
  adapt();
  // The history has what was missed while disconnected.
  charted = null;
  show();
}

function adapt() {
  const wanted = market.rows.size > MANY ? INTERVAL_OF_MANY_MS : INTERVAL_MS;
  if (wanted !== interval) {
    interval = wanted;
    live.say({ op: "subscribe", symbols: ["*"], channels: ["moves"], intervalMs: interval });
  }
}

function say(state, word) {
  $("connection").dataset.state = state;
  $("connection").querySelector(".word").textContent = word;
}

const moved = move => (marksChanged ||= move.symbol === chart.symbol);

/** Fetch the newest moves that match. */
async function fetchMoves(matching = "") {
  try {
    const answer = await fetch(`api/moves?limit=${MOVES_PAGE}${matching}`);
    if (!answer.ok) return;
    const { items } = await answer.json();
    items.map(item => moves.take(item)).forEach(moved);
  } catch {
    // No connection; the stream reports that.
  }
}

async function fetchHealth() {
  try {
    const { checks, simulated } = await (await fetch("health")).json();
    chart.hasHistory = checks.storage !== "off";
    $("simulated").hidden = !simulated;
  } catch {}  // As above.
}

function named() {
  const text = location.hash.startsWith("#/") ? location.hash.slice(2) : "";
  try {
    return decodeURIComponent(text).trim().toUpperCase();
  } catch {
    return text.toUpperCase();
  }
}

/** Show the symbol in the URL, else the current one, else the first. */
function show() {
  const symbol = named() || chart.symbol || [...market.rows.keys()].sort()[0];
  if (symbol === undefined) return;
  const row = market.rows.get(symbol) ?? null;
  if (symbol === chart.symbol && row === charted) return;
  if (symbol !== chart.symbol || charted === null || row === null || row.time < charted.time) chart.show(symbol, row);
  charted = row;
  chartedCount = 0;
  described = -Infinity;
  $("detail-title").textContent = symbol;
  document.title = `${symbol} · marketdata`;
  chart.describe(`Chart of ${symbol}`);
  table.choose(symbol);
}

let drawn = 0;
let described = 0;
function draw(now) {
  requestAnimationFrame(draw);
  if (now - drawn < DRAW_MS) return;
  const missed = now - drawn > MISSED_MS;
  drawn = now;
  show();
  $("welcome").hidden = market.rows.size > 0 || $("connection").dataset.state !== "open";
  document.body.classList.toggle("empty", market.rows.size === 0);
  table.draw(Date.now() + clockOffset);
  moves.draw();
  if (charted === null) {
    quoted("", chart.symbol === null ? "" : "Nothing is known of it yet.", 0);
    return;
  }
  if (missed && chartedAt > 0) chart.refill(charted);
  if (charted.count !== chartedCount) {
    chartedCount = charted.count;
    chartedAt = now;
    chart.update(charted);
  }
  if (marksChanged) {
    marksChanged = false;
    chart.mark(moves.of(charted.symbol));
  }
  quote(charted);
  if (now - described > 5000) {
    described = now;
    const { symbol, price, average, digits } = charted;
    chart.describe(`Chart of ${symbol}: price ${price}, moving average ${format.average(average, digits)}`);
  }
}

function quote(row) {
  const shown = format.price(row.price, row.digits);
  const average = format.average(row.average, row.digits);
  quoted(
    `${format.arrow(row.direction)} ${shown}`,
    `${format.percent(row.change)} from its average of ${average}, ${format.count(row.count)} updates`,
    row.direction,
  );
  document.title = `${row.symbol} ${shown} · marketdata`;
}

function quoted(price, about, direction) {
  const [strong, span] = $("quote").children;
  strong.textContent = price;
  strong.dataset.direction = direction;
  span.textContent = about;
}

async function metrics() {
  try {
    const answer = await fetch("api/metrics");
    // The role of who is signed in does not suffice.
    if (answer.status === 403) return;
    const told = await answer.json();
    adapt();
    $("throughput").textContent = format.count(told.throughputPerSecond);
    $("symbols").textContent = format.count(told.activeSymbols);
    for (const name of ["queued", "dropped", "late"]) {
      $(name).textContent = format.count(told[name]);
      $(name).dataset.some = told[name] > 0;
    }
  } catch {
    for (const name of ["throughput", "queued"]) $(name).textContent = "–";
  }
  setTimeout(metrics, METRICS_MS);
}

addEventListener("hashchange", () => {
  show();
  // On a small screen the chart is above the link that was clicked.
  if (matchMedia("(max-width: 1100px)").matches) $("detail").scrollIntoView({ block: "nearest" });
});
$("feed").addEventListener("click", event => {
  const item = event.target.closest("li");
  if (item === null) return;
  lookAt = Number(item.dataset.at);
  chart.look(lookAt);
});
listen(table, $("filter"));
welcome($("curl"), $("copy"));
showAccount($("account"));
metrics();
requestAnimationFrame(draw);
