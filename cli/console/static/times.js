/* Keeps "3 min ago" true, in the words that the server used, by the server's clock. */
(() => {
  "use strict";

  const EVERY_MS = 1000;
  const UNITS = [[86400, "d", 3600, "h"], [3600, "h", 60, "min"], [60, "min", 0, ""], [1, "s", 0, ""]];

  const served = Number(document.body.dataset.now);
  if (!served) return; // the past does not move away
  const ahead = served - Date.now();

  const coarse = (seconds) => {
    for (const [size, unit, below, smaller] of UNITS) {
      if (seconds < size) continue;
      const whole = Math.floor(seconds / size);
      const rest = below && whole < 3 ? Math.floor((seconds % size) / below) : 0;
      return `${whole} ${unit}` + (rest ? ` ${rest} ${smaller}` : "");
    }
    return "0 s";
  };

  /* How far away an instant is; both in milliseconds. The same as show_relative of the commands. */
  const relative = (instant, now) => {
    const seconds = (instant - now) / 1000;
    if (Math.abs(seconds) < 1) return "now";
    return seconds > 0 ? `in ${coarse(Math.ceil(seconds))}` : `${coarse(-seconds)} ago`;
  };

  const update = () => {
    if (document.hidden) return;
    const now = Date.now() + ahead;
    for (const beside of document.querySelectorAll("time[datetime] + .ago")) {
      const told = relative(Date.parse(beside.previousElementSibling.dateTime), now);
      if (beside.textContent !== told) beside.textContent = told;
    }
  };

  setInterval(update, EVERY_MS);
  document.addEventListener("visibilitychange", update);
  document.addEventListener("console:renewed", update);
  window.consoleRelative = relative;
})();
