// Alerts above a page: drawn by the server, then kept up to date by its events. Only the tab that is
// looked at holds a stream, for a browser has few connections to a host.
(() => {
  "use strict";
  let source = null;
  let last = "";

  const box = () => document.querySelector("[data-alerts]");
  const line = (from, item) => {
    const made = from.querySelector("template").content.firstElementChild.cloneNode(true);
    made.classList.add(item.level);
    made.dataset.alert = item.id;
    const link = made.querySelector("a");
    link.href = item.href;
    link.textContent = item.title;
    made.querySelector("form").action = item.seen_href;
    made.querySelector("button").setAttribute("aria-label", `Seen: ${item.title}`);
    return made;
  };
  // A page does not tell what it was opened to show.
  const isTold = (item) => item.level !== "normal" && item.href !== location.pathname;
  const count = (unseen) => {
    for (const at of document.querySelectorAll("[data-alerts-count]")) {
      at.textContent = unseen.toLocaleString("en-US");
      at.toggleAttribute("data-none", !unseen);
    }
  };
  // Lines that stay are not touched, so that nothing is read out twice and no focus is lost.
  const draw = (from, facts) => {
    count(facts.unseen);
    const list = from.querySelector("ul");
    const wanted = facts.shown.filter(isTold);
    const ids = new Set(wanted.map((item) => item.id));
    for (const old of [...list.children]) if (!ids.has(old.dataset.alert)) old.remove();
    for (const item of wanted) {
      const here = list.querySelector(`[data-alert="${CSS.escape(item.id)}"]`);
      if (!here) list.append(line(from, item));
    }
  };
  const add = (from, item) => {
    const list = from.querySelector("ul");
    if (!isTold(item) || list.querySelector(`[data-alert="${CSS.escape(item.id)}"]`)) return;
    const made = line(from, item);
    made.classList.add("fresh");
    list.prepend(made);
  };

  const close = () => {
    source?.close();
    source = null;
  };
  const open = () => {
    const from = box();
    if (!from || source || document.hidden) return;
    source = new EventSource(from.dataset.alerts);
    source.addEventListener("alerts", (event) => draw(from, JSON.parse(event.data)));
    source.addEventListener("alert", (event) => {
      if (event.lastEventId === last) return;
      last = event.lastEventId;
      add(from, JSON.parse(event.data));
      document.dispatchEvent(new CustomEvent("alert"));
    });
  };
  document.addEventListener("DOMContentLoaded", open);
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pageshow", open);
  addEventListener("pagehide", close);
})();
