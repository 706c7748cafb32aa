/* Listens to the ledger and renews the regions of the page that are marked `data-live`, each with an id.

   Nothing that somebody is using is swapped: a region that has the focus, a selection, the pointer at work, an opened
   <details> or a form that was touched waits until it is free, or until "Show" is pressed. */
(() => {
  "use strict";

  const FIRST_MS = 300;
  const BETWEEN_MS = 2000;
  const POINTER_REST_MS = 3000;
  const HIDDEN_MS = 10000;
  const AGAIN_MS = 30000;
  const SPOKEN_MS = 30000;
  const KEPT = "cronledger.live";

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !(event.target instanceof Element)) return;
    const open = event.target.closest("details[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  const bar = document.getElementById("live");
  if (!bar || !bar.dataset.address || !window.EventSource) return;
  const words = bar.querySelector(".words");
  const show = bar.querySelector(".show");
  const pause = bar.querySelector(".pause");
  const status = bar.querySelector("[role=status]");

  let source = null;
  let after = bar.dataset.after || "";
  let fresh = 0;
  let renewing = false;
  let again = 0;
  let wake = 0;
  let hiding = 0;
  let renewedAt = 0;
  let spokenAt = 0;
  let pointerAt = 0;
  const sources = new Map();
  const opened = new WeakSet();

  const kept = (value) => {
    try {
      if (value !== undefined) localStorage.setItem(KEPT, value);
      return localStorage.getItem(KEPT);
    } catch {
      return null; // storage is switched off: live is not paused
    }
  };
  let paused = kept() === "paused";

  const regions = () => document.querySelectorAll("[data-live][id]");
  const entries = (count) => `${count.toLocaleString("en")} new ${count === 1 ? "entry" : "entries"}`;

  const say = (text, now) => {
    if (!now && Date.now() - spokenAt < SPOKEN_MS) return;
    spokenAt = Date.now();
    status.textContent = text;
  };

  const tell = (state, text) => {
    bar.hidden = false;
    bar.dataset.state = state;
    words.textContent = text;
  };

  const tellFresh = () => {
    const held = document.querySelector("[data-live][data-stale]") || !regions().length;
    tell("live", fresh ? entries(fresh) : after ? `Live, at #${after}` : "Live");
    show.hidden = !(fresh && held);
    if (fresh && held) say(`${entries(fresh)} to show`, false);
  };

  const touched = (field) => {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") return [...field.options].some((one) => one.selected !== one.defaultSelected && field.selectedIndex > 0);
    return field.type !== "hidden" && field.value !== field.defaultValue;
  };

  const inUse = (region) => {
    if (region.contains(document.activeElement)) return true;
    const selection = getSelection();
    if (selection && !selection.isCollapsed && selection.containsNode(region, true)) return true;
    if (Date.now() - pointerAt < POINTER_REST_MS && region.matches(":hover")) return true;
    if ([...region.querySelectorAll("details[open]")].some((one) => !opened.has(one))) return true;
    return [...region.querySelectorAll("input, select, textarea")].some(touched);
  };

  const remember = (root) => {
    for (const one of root.querySelectorAll("details[open]")) opened.add(one);
  };

  const swap = (region, made) => {
    const scrolled = [...region.querySelectorAll(".wide")].map((box) => box.scrollLeft);
    region.replaceWith(made);
    made.querySelectorAll(".wide").forEach((box, at) => { box.scrollLeft = scrolled[at] || 0; });
    remember(made);
    if (window.htmx) window.htmx.process(made);
  };

  const renew = async (force) => {
    clearTimeout(wake);
    wake = 0;
    if (renewing || (paused && !force) || !regions().length) return;
    if (!force && [...regions()].every(inUse)) {
      for (const region of regions()) region.dataset.stale = "";
      tellFresh();
      soon(BETWEEN_MS);
      return;
    }
    renewing = true;
    const asked = fresh;
    try {
      const answer = await fetch(location.href, { redirect: "error", headers: { "X-Live": "1" } });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      let waiting = false;
      for (const region of regions()) {
        const found = page.getElementById(region.id);
        if (!found) continue;
        if (sources.get(region.id) === found.outerHTML) { delete region.dataset.stale; continue; }
        if (!force && inUse(region)) { region.dataset.stale = ""; waiting = true; continue; }
        sources.set(region.id, found.outerHTML);
        swap(region, document.adoptNode(found));
      }
      const seen = page.getElementById("live").dataset.after;
      if (seen && (!after || Number(seen) > Number(after))) after = seen;
      if (!waiting) fresh = Math.max(0, fresh - asked);
      if (waiting) soon(BETWEEN_MS);
      document.dispatchEvent(new Event("console:renewed"));
      say("The page was renewed", false);
      tellFresh();
    } catch {
      tell("lost", "Not renewed; trying again");
      soon(AGAIN_MS);
    } finally {
      renewing = false;
      renewedAt = Date.now();
      if (fresh && !wake) soon(BETWEEN_MS);
    }
  };

  const soon = (delay) => {
    if (!wake) wake = setTimeout(() => renew(false), Math.max(delay, renewedAt + BETWEEN_MS - Date.now()));
  };

  const came = (event, count) => {
    if (event.lastEventId && Number(event.lastEventId) <= Number(after || -1)) return;
    after = event.lastEventId || after;
    fresh += count;
    tellFresh();
    soon(FIRST_MS);
  };

  const read = (event) => { try { return JSON.parse(event.data); } catch { return {}; } };

  const stop = () => {
    clearTimeout(again);
    if (source) source.close();
    source = null;
  };

  const listen = () => {
    if (source || paused || document.hidden) return;
    clearTimeout(again);
    source = new EventSource(`${bar.dataset.address}${after ? `?after=${after}` : ""}`);
    source.addEventListener("head", (event) => { after = after || event.lastEventId; tellFresh(); });
    source.addEventListener("entry", (event) => came(event, 1));
    source.addEventListener("entries", (event) => came(event, read(event).count || 1));
    source.addEventListener("reload", () => {
      // Too far behind to be told what happened: the page tells it whole.
      stop();
      after = "";
      fresh += 1;
      soon(FIRST_MS);
      again = setTimeout(listen, BETWEEN_MS);
    });
    source.addEventListener("error", () => {
      if (!source) return;
      tell("lost", "Connection lost; trying again");
      say("The connection to the console is lost", true);
      if (source.readyState === EventSource.CLOSED) {
        stop();
        again = setTimeout(listen, AGAIN_MS);
      }
    });
  };

  const showPause = () => {
    pause.setAttribute("aria-pressed", String(paused));
    if (paused) {
      tell("paused", "Paused");
      show.hidden = true;
    } else {
      tell("off", "Connecting");
    }
  };

  pause.addEventListener("click", () => {
    paused = !paused;
    kept(paused ? "paused" : "live");
    showPause();
    say(paused ? "Live updates are paused" : "Live updates go on", true);
    if (paused) { stop(); clearTimeout(wake); wake = 0; } else listen();
  });
  show.addEventListener("click", () => {
    if (regions().length) renew(true);
    else location.reload();
  });
  for (const kind of ["pointermove", "pointerdown"]) {
    document.addEventListener(kind, () => { pointerAt = Date.now(); }, { passive: true });
  }
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    // A hidden page holds no connection: a browser has only a few to one place.
    if (document.hidden) hiding = setTimeout(stop, HIDDEN_MS);
    else listen();
  });
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); });

  remember(document);
  showPause();
  listen();
})();
