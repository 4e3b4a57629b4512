// A form that sends a trade. It is there for whoever may write, and without sign-in on this computer only.

import { account, post } from "../shell/account.js";
import { h, write } from "../shell/dom.js";

const HERE = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const WRITERS = ["admin"];

/** The ticket, hidden until it is known that it may be used. */
export function ticket(desk) {
  const quantity = h("input", { name: "quantity", inputmode: "decimal", required: true, size: 8, "aria-label": "Quantity", placeholder: "Quantity" });
  const symbol = h("input", { name: "symbol", required: true, size: 10, "aria-label": "Symbol of the trade", placeholder: "Symbol" });
  const said = h("span", { role: "status", class: "hint" });
  const button = side => h("button", { name: "side", value: side, "data-side": side }, side === "buy" ? "Buy" : "Sell");
  const form = h("form", { class: "ticket", hidden: true, "aria-label": "Send a trade", onsubmit: event => submit(event) }, quantity, symbol, button("buy"), button("sell"), said);

  async function submit(event) {
    event.preventDefault();
    const side = event.submitter?.value ?? "buy";
    const name = symbol.value.trim().toUpperCase();
    // As text, so that no digit is lost.
    const trade = { symbol: name, side, quantity: quantity.value.trim(), sentAt: Math.round(desk.now()) };
    try {
      const answer = await post("api/trades", trade);
      const told = await answer.json();
      write(said, answer.ok ? `${side === "buy" ? "Bought" : "Sold"} ${trade.quantity} ${name}` : told.errors?.map(({ field, message }) => `${field} ${message}`).join("; ") || told.detail);
      if (answer.ok) quantity.value = "";
    } catch {
      write(said, "The service does not answer.");
    }
  }

  desk.on("choose", name => (symbol.value = name));
  symbol.value = desk.symbol ?? "";
  account().then(who => (form.hidden = who === null ? !HERE.test(location.hostname) : !WRITERS.includes(who.role)));
  return form;
}
