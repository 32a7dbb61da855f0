// Words that come piece by piece: follows the server-sent events of an element with `data-words`,
// then asks for the page anew. The browser itself comes back with Last-Event-ID when the connection
// breaks. Without this file the page shows what was said when it was drawn.
(() => {
  "use strict";
  const streams = new Map();
  const MOST_FAILURES = 8;

  const end = (box, url) => {
    streams.get(url)?.close();
    streams.delete(url);
    box.removeAttribute("aria-busy");
    const { then, target } = box.dataset;
    if (then) htmx.ajax("GET", then, { target, swap: "outerHTML" });
  };
  const follow = (box, url) => {
    const source = new EventSource(url);
    const here = box.querySelector("[data-words-here]");
    let heard = Number(box.dataset.heard) || 0;
    let failures = 0;
    streams.set(url, source);
    source.addEventListener("text", (event) => {
      failures = 0;
      const { text } = JSON.parse(event.data);
      // What the page was drawn with comes again with the first event.
      const place = Number(event.lastEventId);
      here.append(text.slice(Math.max(0, heard - (place - text.length))));
      heard = Math.max(heard, place);
      box.querySelector("[data-words-wait]")?.remove();
    });
    source.addEventListener("end", () => end(box, url));
    source.addEventListener("error", () => {
      failures += 1;
      if (source.readyState === EventSource.CLOSED || failures > MOST_FAILURES) end(box, url);
    });
  };
  const look = () => {
    const boxes = [...document.querySelectorAll("[data-words]")];
    const wanted = new Set(boxes.map((box) => box.dataset.words));
    for (const box of boxes) if (!streams.has(box.dataset.words)) follow(box, box.dataset.words);
    for (const [url, source] of streams) {
      if (wanted.has(url)) continue;
      source.close();
      streams.delete(url);
    }
  };
  document.addEventListener("DOMContentLoaded", look);
  document.addEventListener("htmx:afterSettle", look);
  addEventListener("pagehide", () => {
    for (const source of streams.values()) source.close();
    streams.clear();
  });
})();
