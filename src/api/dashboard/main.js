// Puts the page together: what comes over the wire goes into the market and the spikes; ten times a second they are drawn.

import { Chart } from "./chart.js";
import * as format from "./format.js";
import { Live } from "./live.js";
import { Market } from "./market.js";
import { Spikes } from "./spikes.js";
import { Table } from "./table.js";

const DRAW_MS = 100;
const METRICS_MS = 1000;
const INTERVAL_MS = 200;
// With thousands of symbols there is more to read than to see.
const INTERVAL_OF_MANY_MS = 500;
const MANY = 500;

const $ = id => document.getElementById(id);
const market = new Market();
const spikes = new Spikes($("feed"), $("none"));
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
let chartedMove = -1;

chart.onset = () => {
  marksChanged = true;
};

const live = new Live({
  state(word, reason) {
    if (word === "open") {
      market.begin();
      live.say({ op: "subscribe", symbols: ["*"], intervalMs: interval });
      fetchSpikes("api/anomalies?limit=2000");
    } else {
      say("lost", "No connection");
      $("lost").hidden = false;
      const since = lastHeard === null ? "" : ` What is shown is from ${format.time(lastHeard)}.`;
      $("lost").textContent = `The connection to the service is lost${reason ? ` (${reason})` : ""}.${since} Trying again…`;
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
    } else if (message.type === "anomaly") {
      takeSpike(message.anomaly);
    } else if (message.type === "gap") {
      fetchSpikes("api/anomalies?limit=2000");
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
  const wanted = market.rows.size > MANY ? INTERVAL_OF_MANY_MS : INTERVAL_MS;
  if (wanted !== interval) {
    interval = wanted;
    live.say({ op: "subscribe", symbols: ["*"], channels: ["anomalies"], intervalMs: interval });
  }
  show();
}

function say(state, word) {
  $("connection").dataset.state = state;
  $("connection").querySelector(".word").textContent = word;
}

function takeSpike(anomaly) {
  const move = spikes.take(anomaly);
  if (move?.symbol === chart.symbol) marksChanged = true;
}

async function fetchSpikes(path) {
  try {
    const answer = await fetch(path);
    if (answer.ok) (await answer.json()).items.reverse().forEach(takeSpike);
  } catch {
    // Without a connection there is nothing to ask; the stream says so.
  }
}

/** Show the symbol of the address, or else the first one. */
function show() {
  const named = decodeURIComponent(location.hash.replace(/^#\/?/, "")).trim().toUpperCase();
  const symbol = named || chart.symbol || [...market.rows.keys()].sort()[0];
  const row = market.rows.get(symbol) ?? null;
  if (symbol === undefined || (symbol === chart.symbol && (row === null || chartedMove >= 0))) return;
  chartedMove = row === null ? -1 : 0;
  chart.show(symbol, row);
  $("detail-title").textContent = symbol;
  table.choose(symbol);
  if (row !== null) fetchSpikes(`api/prices/${encodeURIComponent(symbol)}/anomalies?limit=2000`);
}

let drawn = 0;
let described = 0;
function draw(now) {
  requestAnimationFrame(draw);
  if (now - drawn < DRAW_MS) return;
  drawn = now;
  const row = market.rows.get(chart.symbol);
  if (row === undefined || chart.symbol === null || chartedMove < 0) show();
  $("welcome").hidden = market.rows.size > 0 || $("connection").dataset.state !== "open";
  document.body.classList.toggle("empty", market.rows.size === 0);
  table.draw(Date.now() + clockOffset);
  spikes.draw();
  if (row === undefined) {
    quoted("", chart.symbol === null ? "" : "Nothing is known of it yet.", 0);
    return;
  }
  if (row.count !== chartedMove) {
    chartedMove = row.count;
    chart.update(row);
  }
  if (marksChanged) {
    marksChanged = false;
    chart.mark(spikes.of(row.symbol));
  }
  quote(row);
  if (now - described > 5000) {
    described = now;
    chart.describe(`Chart of ${row.symbol}: price ${row.price}, moving average ${format.price(row.average, row.digits)}`);
  }
}

function quote(row) {
  const shown = format.price(row.price, row.digits);
  const average = format.price(row.average, row.digits);
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
    const told = await answer.json();
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

const curl = `curl -X POST ${location.origin}/api/prices -H 'Content-Type: application/json' -d '{"symbol":"AAPL","price":101.5}'`;
$("curl").textContent = curl;
$("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(curl);
    $("copy").textContent = "Copied";
  } catch {
    getSelection().selectAllChildren($("curl"));
  }
});
addEventListener("hashchange", () => {
  chartedMove = -1;
  show();
});
addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = document.activeElement === $("filter");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    $("filter").focus();
  } else if (typing && event.key === "Escape") {
    $("filter").value = "";
    $("filter").dispatchEvent(new Event("input"));
    $("filter").blur();
  } else if (typing && (event.key === "ArrowDown" || event.key === "Enter")) {
    event.preventDefault();
    table.focus(0);
    if (event.key === "Enter" && table.order.length > 0) location.hash = `#/${encodeURIComponent(table.order[0].symbol)}`;
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && document.activeElement === document.body) {
    event.preventDefault();
    table.focus(0);
  }
});
metrics();
requestAnimationFrame(draw);
