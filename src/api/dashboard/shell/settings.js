// Theme, time zone and layout, by choice.

import * as format from "../format.js";
import { h, select } from "./dom.js";
import { prefer, preference } from "./preferences.js";

const LOCAL = Intl.DateTimeFormat().resolvedOptions().timeZone;
const SIZES = ["side", "dock-height", "dock-width"];

/** Fill the settings into an element, and apply what was chosen before. */
export function openSettings(element, desk, layout) {
  const zone = name => {
    format.setZone(name);
    prefer("zone", name);
    desk.tell("zone");
  };
  const zones = Intl.supportedValuesOf("timeZone").map(name => [name, name.replaceAll("_", " ")]);
  const fields = {
    Theme: select("Theme", [["system", "As the system"], ["light", "Light"], ["dark", "Dark"]], preference("theme", "system"), value => prefer("theme", value)),
    "Time zone": select("Time zone", [["UTC", "UTC"], ["local", `Local (${LOCAL})`], ...zones], preference("zone", "UTC"), zone),
    Dock: select("Dock", [["auto", "Where it fits"], ["below", "Below the chart"], ["right", "Right of the chart"]], preference("dock", "auto") , value => layout.dock(value === "auto" ? null : value)),
  };
  element.append(
    ...Object.entries(fields).map(([name, field]) => h("label", {}, h("span", {}, name), field)),
    h("button", { type: "button", onclick: () => SIZES.forEach(name => prefer(name, null)) }, "Usual sizes"),
  );
  try {
    format.setZone(preference("zone", "UTC"));
  } catch {
    prefer("zone", null);  // Not a zone that this browser knows.
  }
  for (const [theme, title] of [["light", "Light theme"], ["dark", "Dark theme"], ["system", "Theme of the system"]]) {
    desk.command({
      title,
      run: () => {
        fields.Theme.value = theme;
        prefer("theme", theme);
      },
    });
  }
  addEventListener("theme", () => desk.tell("theme"));
}
