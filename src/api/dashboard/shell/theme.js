// Sets the theme before anything is painted, and again when the choice or the system's preference changes.

{
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    let chosen = null;
    try {
      chosen = JSON.parse(localStorage.getItem("marketdata.theme"));
    } catch {}  // No storage, or not ours: the system decides.
    const theme = ["light", "dark"].includes(chosen) ? chosen : dark.matches ? "dark" : "light";
    if (document.documentElement.dataset.theme === theme) return;
    document.documentElement.dataset.theme = theme;
    dispatchEvent(new Event("theme"));
  };
  for (const event of ["preference", "storage"]) addEventListener(event, apply);
  dark.addEventListener("change", apply);
  apply();
}
