"use strict";
// Theme and density, remembered for the next visit.
function applyTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
}

function switchTheme() {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  localStorage.setItem("lastly-theme", dark ? "light" : "dark");
  applyTheme(dark ? "light" : "dark");
}

function applyDensity(compact) {
  document.body.classList.toggle("compact", compact);
  $("density").setAttribute("aria-pressed", String(compact));
  if (state.answer) lines();
}

function switchDensity() {
  const compact = !document.body.classList.contains("compact");
  localStorage.setItem("lastly-compact", compact ? "1" : "");
  applyDensity(compact);
}
