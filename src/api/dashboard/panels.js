// Every panel of the desk, one line each. A panel is { id, title, place, needs, open(desk) }.
//
// place: "side", "stage", or "dock" for a tab. needs: a channel of the live stream; without it in the service, the panel
// is not opened. open() returns a view: { element, draw(now) ten times a second while it is seen, badge() }.

import { alerts } from "./alerts/panel.js";
import { rules } from "./alerts/rules.js";
import { benchmarks } from "./benchmarks/panel.js";
import { chart } from "./chart/panel.js";
import { machines } from "./machines/panel.js";
import { moves } from "./moves/panel.js";
import { optionChains } from "./options/panel.js";
import { trades } from "./trades/panel.js";
import { watchlist } from "./watch/panel.js";

export const PANELS = [watchlist, chart, moves, alerts, rules, trades, benchmarks, optionChains, machines];
