// Live jobs: follows the server-sent events of the jobs on a page. Without it, or while the stream
// is closed, the page asks again by itself as its hx-trigger says.
(() => {
  "use strict";
  const streams = new Map();
  const MOST_LINES = 200;

  const bars = (from) => ({
    bar: from.querySelector("[data-live-bar], progress"),
    message: from.querySelector("[data-live-message]"),
    count: from.querySelector("[data-live-count]"),
  });
  const draw = (box, facts) => {
    const { bar, message, count } = bars(box);
    if (bar && facts.total) {
      bar.max = facts.total;
      bar.value = facts.done ?? 0;
    }
    if (message && facts.message) message.textContent = facts.message;
    if (count && facts.done != null) {
      const total = facts.total ? ` of ${facts.total.toLocaleString("en-US")}` : "";
      count.textContent = `${facts.done.toLocaleString("en-US")}${total}`;
    }
  };
  const words = (facts) => {
    if (facts.kind === "state") return `Attempt ${facts.attempt}: ${facts.state}`;
    const count = facts.done == null ? "" : ` ${facts.done}${facts.total ? ` of ${facts.total}` : ""}`;
    return `${facts.message || facts.stage || "Progress"}${count}`;
  };
  const say = (log, facts) => {
    const line = document.createElement("li");
    const at = document.createElement("time");
    at.dateTime = facts.at;
    at.textContent = new Date(facts.at).toLocaleTimeString("en-GB", { timeZone: log.dataset.zone });
    line.append(at, words(facts));
    if (!log.dataset.said) log.replaceChildren();
    log.dataset.said = "yes";
    log.prepend(line);
    if (log.children.length > MOST_LINES) log.lastElementChild.remove();
  };

  const each = (url, what) => {
    for (const box of document.querySelectorAll(`[data-live="${CSS.escape(url)}"]`)) what(box);
  };
  const refresh = (url) => each(url, (box) => box.dispatchEvent(new CustomEvent("refresh")));
  const follow = (url) => {
    if (streams.has(url)) return;
    const source = new EventSource(url);
    const stream = { source, state: null };
    streams.set(url, stream);
    const seen = (facts) => {
      each(url, (box) => draw(box, facts));
      const changed = stream.state !== null && stream.state !== facts.state;
      stream.state = facts.state;
      if (changed) refresh(url);
    };
    source.addEventListener("status", (event) => seen(JSON.parse(event.data)));
    source.addEventListener("progress", (event) => {
      const facts = JSON.parse(event.data);
      for (const log of document.querySelectorAll(`[data-live-log="${CSS.escape(url)}"]`)) say(log, facts);
      if (facts.kind === "progress") each(url, (box) => draw(box, facts));
    });
    source.addEventListener("end", () => {
      source.close();
      refresh(url);
    });
  };
  const look = () => {
    const wanted = new Set([...document.querySelectorAll("[data-live]")].map((box) => box.dataset.live));
    for (const url of wanted) follow(url);
    for (const [url, { source }] of streams) {
      if (wanted.has(url)) continue;
      source.close();
      streams.delete(url);
    }
  };
  // While the stream is open nobody needs to ask; what a person or the stream itself asks for goes on.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, requestConfig } = event.detail;
    const stream = streams.get(elt.dataset.live);
    const isPoll = !requestConfig.triggeringEvent;
    if (isPoll && stream && stream.source.readyState === EventSource.OPEN) event.preventDefault();
  });
  document.addEventListener("DOMContentLoaded", look);
  document.addEventListener("htmx:afterSettle", look);
  addEventListener("pagehide", () => {
    for (const { source } of streams.values()) source.close();
    streams.clear();
  });
})();
