// Keyboard shortcuts: / focuses the filter, arrows move through the table, Escape clears the filter.

/** table: the Table that arrows move through. filter: its input field. */
export function listen(table, filter) {
  addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = document.activeElement === filter;
    if (event.key === "/" && !typing) {
      event.preventDefault();
      filter.focus();
    } else if (typing && event.key === "Escape") {
      filter.value = "";
      filter.dispatchEvent(new Event("input"));
      filter.blur();
    } else if (typing && (event.key === "ArrowDown" || event.key === "Enter")) {
      event.preventDefault();
      table.focus(0);
      if (event.key === "Enter" && table.order.length > 0) location.hash = `#/${encodeURIComponent(table.order[0].symbol)}`;
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && document.activeElement === document.body && fits()) {
      event.preventDefault();
      table.focus(0);
    }
  });
}

/** Whether the whole page fits the window, so that arrows have nothing to scroll. */
function fits() {
  return document.documentElement.scrollHeight <= innerHeight;
}
