// Wires the page together: messages update what is known, and the panels draw it ten times a second.

import { Live } from "./data/live.js";
import { Desk } from "./desk.js";
import * as format from "./format.js";
import { PANELS } from "./panels.js";
import { showAccount } from "./shell/account.js";
import { write } from "./shell/dom.js";
import { Layout } from "./shell/layout.js";
import { health, showAccounts } from "./shell/service.js";
import { openSettings } from "./shell/settings.js";
import { welcome } from "./shell/welcome.js";

const DRAW_MS = 100;
const INTERVAL_MS = 200;
// With this many symbols there is more to parse than to see.
const INTERVAL_OF_MANY_MS = 500;
const MANY = 500;
const MOVES_PAGE = 200;
// Marks the answer to a question for a channel that the service may not have.
const ASKED = "channel ";

const $ = id => document.getElementById(id);
const desk = new Desk();
const layout = new Layout(desk, $("desk"), $("panels"));
let interval = INTERVAL_MS;
let lastHeard = null;

openSettings($("settings"), desk, layout);
for (const panel of PANELS) if (panel.needs === undefined) layout.add(panel);

const live = new Live({
  state(word, reason) {
    if (word === "open") {
      desk.market.begin();
      live.say({ op: "subscribe", symbols: ["*"], channels: ["prices", "moves"], intervalMs: interval });
      const channels = new Set(PANELS.map(panel => panel.needs).filter(Boolean));
      for (const channel of channels) live.say({ op: "subscribe", id: ASKED + channel, symbols: ["*"], channels: [channel] });
      fetchMoves();
      fetchHealth();
    } else {
      lost(reason);
    }
  },
  message(message) {
    lastHeard = Date.now();
    if (message.type === "snapshot" && message.prices !== undefined) {
      desk.market.snapshot(message);
      if (message.last) settled();
    } else if (message.type === "prices") {
      desk.market.take(message.prices);
    } else if (message.type === "move") {
      desk.tell("move", desk.moves.take(message.move));
    } else if (message.type === "gap") {
      fetchMoves();
      desk.tell("gap", message);
    } else if (message.type === "subscribed" && `${message.id}`.startsWith(ASKED)) {
      for (const panel of PANELS) if (ASKED + panel.needs === message.id) layout.add(panel);
    } else if (message.type === "error" && !`${message.id}`.startsWith(ASKED)) {
      console.error(message.message);
    } else {
      for (const { needs } of PANELS) if (message[needs]?.length > 0) desk.elsewhere.add(needs);
      desk.tell(message.type, message);
    }
  },
  lag(ms, offset) {
    desk.clockOffset = offset;
    write($("lag"), `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`);
  },
});

desk.say = message => live.say(message);

function settled() {
  say("open", "Live");
  $("lost").hidden = true;
  const wanted = desk.market.rows.size > MANY ? INTERVAL_OF_MANY_MS : INTERVAL_MS;
  if (wanted !== interval) {
    interval = wanted;
    live.say({ op: "subscribe", symbols: ["*"], channels: ["moves"], intervalMs: interval });
  }
  show();
  desk.tell("settled");
}

function lost(reason) {
  say("lost", "No connection");
  $("lost").hidden = false;
  const since = lastHeard === null ? "" : ` What is shown is from ${format.time(lastHeard)}.`;
  write($("lost"), `The connection to the service is lost${reason ? ` (${reason})` : ""}.${since} Trying again…`);
  write($("lag"), "–");
}

function say(state, word) {
  $("connection").dataset.state = state;
  write($("connection").querySelector(".word"), word);
}

async function fetchMoves() {
  try {
    const answer = await fetch(`api/moves?limit=${MOVES_PAGE}`);
    if (!answer.ok) return;
    for (const item of (await answer.json()).items) desk.moves.take(item);
  } catch {}  // The stream reports a lost connection.
}

async function fetchHealth() {
  const told = await health();
  desk.hasHistory = told?.hasHistory ?? true;
  $("simulated").hidden = !told?.simulated;
  desk.tell("history");
}

function named() {
  const text = location.hash.startsWith("#/") ? location.hash.slice(2) : "";
  try {
    return decodeURIComponent(text).trim().toUpperCase();
  } catch {
    return text.toUpperCase();
  }
}

/** Look at the symbol in the address, else the current one, else the first. */
function show() {
  const symbol = named() || desk.symbol || [...desk.market.rows.keys()].sort()[0];
  if (symbol !== undefined) desk.choose(symbol);
}

let drawn = 0;
function draw(now) {
  requestAnimationFrame(draw);
  if (now - drawn < DRAW_MS) return;
  drawn = now;
  show();
  const isOpen = $("connection").dataset.state === "open";
  const isEmpty = desk.market.rows.size === 0 && desk.elsewhere.size === 0 && isOpen;
  $("welcome").hidden = !isEmpty;
  document.body.classList.toggle("empty", isEmpty && desk.symbol === null);
  layout.draw(desk.now());
  title(isOpen);
}

function title(isOpen) {
  const row = desk.market.rows.get(desk.symbol);
  const price = row === undefined ? "" : ` ${format.price(row.price, row.digits)}`;
  const of = desk.symbol === null ? "" : `${desk.symbol}${price} · `;
  const text = isOpen ? `${of}marketdata` : `⚠ ${of}marketdata`;
  if (document.title !== text) document.title = text;
}

addEventListener("hashchange", () => {
  show();
  // On a phone the chart takes the place of the list that it was chosen in.
  layout.show("chart");
});
// The symbol may be the one that is charted already.
addEventListener("click", event => event.target.closest?.('a[href^="#/"]') && layout.show("chart"));
desk.command({
  title: "Filter the prices",
  key: "/",
  run: () => {
    layout.show("prices");
    layout.view("prices").filter.focus();
  },
});
addEventListener("keydown", event => {
  const page = document.documentElement;
  const arrow = event.key === "ArrowDown" || event.key === "ArrowUp";
  // Where the page has nothing to scroll.
  if (!arrow || document.activeElement !== document.body || page.scrollHeight > innerHeight) return;
  event.preventDefault();
  layout.view("prices").focus();
});
$("search").addEventListener("click", () => desk.search());
welcome($("curl"), $("copy"));
showAccount($("account"));
showAccounts($);
requestAnimationFrame(draw);
