/**
 * Puts the theme that was chosen in the settings on the page, and whether it can have a small window. No module, but a
 * script in the head, so that no page is painted in another way first.
 */
{
  document.documentElement.classList.toggle("has-mini", "documentPictureInPicture" in window);
  const chosen = () => {
    try {
      return JSON.parse(localStorage.getItem("tomato.preferences"))?.theme;
    } catch {
      return "system";
    }
  };
  const apply = () => {
    const theme = chosen();
    const forced = theme === "light" || theme === "dark";
    if (forced) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    for (const bar of document.querySelectorAll("meta[data-bar]")) {
      bar.media = !forced ? `(prefers-color-scheme: ${bar.dataset.bar})` : bar.dataset.bar === theme ? "all" : "not all";
    }
  };
  addEventListener("storage", apply);
  addEventListener("preferences", apply);
  apply();
}
