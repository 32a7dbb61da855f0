// Small conveniences on top of pages that work without them: theme, menus, keys, readings, toasts.
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const remember = (name, value) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  };

  const isDark = () =>
    root.dataset.theme === "dark" ||
    (root.dataset.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  const toggleTheme = () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember("myriad_theme", root.dataset.theme);
  };

  const openDialog = (id) => {
    const dialog = document.getElementById(id);
    if (dialog && !dialog.open) dialog.showModal();
  };

  // Over plain HTTP a browser gives no clipboard: then the text is chosen, ready for the keys.
  const copy = (button) => {
    const text = document.getElementById(button.dataset.copy);
    getSelection().selectAllChildren(text);
    if (!navigator.clipboard) return;
    navigator.clipboard.writeText(text.textContent).then(() => (button.textContent = "Copied"), () => 0);
  };

  document.addEventListener("click", (event) => {
    const at = event.target.closest("[data-theme-toggle],[data-dialog],[data-close],[data-dismiss],[data-copy]");
    for (const menu of $$("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    if (event.target.nodeName === "DIALOG") event.target.close();
    if (!at) return;
    if ("themeToggle" in at.dataset) toggleTheme();
    if (at.dataset.dialog) openDialog(at.dataset.dialog);
    if ("close" in at.dataset) at.closest("dialog").close();
    if ("dismiss" in at.dataset) at.closest(".toast").remove();
    if (at.dataset.copy) copy(at);
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
    if (event.target.matches("[data-keys]")) remember("myriad_keys", event.target.checked ? "on" : "off");
  });

  // A chart says what lies under the pointer in its caption.
  document.addEventListener("pointerover", (event) => {
    const mark = event.target.closest && event.target.closest("[data-reading]");
    const output = mark && $(".reading", mark.closest(".figure") || root);
    if (output && mark.closest(".figure")) {
      output.dataset.rest ??= output.textContent;
      output.textContent = mark.dataset.reading;
    }
  });
  document.addEventListener("pointerout", (event) => {
    const figure = event.target.closest && event.target.closest(".figure");
    const output = figure && $(".reading", figure);
    if (output && !figure.contains(event.relatedTarget)) output.textContent = output.dataset.rest ?? "";
  });

  // Keys: g and a letter goes somewhere, / searches, j and k walk rows, ? tells all of this.
  const keysOff = () => document.cookie.includes("myriad_keys=off");
  const typing = (target) => target.closest("input,select,textarea,[contenteditable]");
  let going = 0;
  const go = (key) => {
    const link = $(`[data-go="${CSS.escape(key)}"]`);
    if (link) link.click();
  };
  const walk = (step) => {
    const rows = $$("[data-row]");
    if (!rows.length) return;
    const here = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[Math.min(rows.length - 1, Math.max(0, here + step))];
    (next.matches("a,button,[tabindex]") ? next : $("a,button", next)).focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const act = (key) => {
    const row = document.activeElement.closest("[data-row]");
    const button = row && $(`[data-key="${CSS.escape(key)}"]`, row);
    if (button) button.click();
    return Boolean(button);
  };
  const plain = {
    "?": () => openDialog("key-help"),
    "/": () => $("[data-search]")?.focus(),
    j: () => walk(1),
    k: () => walk(-1),
    g: () => { going = Date.now(); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of $$("details.menu[open]")) {
        menu.open = false;
        $("summary", menu).focus();
      }
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    if (keysOff() && event.key !== "?") return;
    if (Date.now() - going < 1500 && event.key !== "g") {
      going = 0;
      return go(event.key);
    }
    if (act(event.key)) return event.preventDefault();
    if (plain[event.key]) {
      event.preventDefault();
      plain[event.key]();
    }
  });

  // Toasts leave after a while, but not under the pointer or while they hold the focus.
  const expire = (toast) => setTimeout(() => {
    if (toast.matches(":hover, :focus-within")) expire(toast);
    else toast.remove();
  }, 8000);
  const arm = () => {
    for (const toast of $$("#toasts .toast:not([data-armed])")) {
      toast.dataset.armed = "";
      expire(toast);
    }
  };
  const ready = () => {
    root.classList.add("js");
    const box = $("[data-keys]");
    if (box) box.checked = !keysOff();
    arm();
  };
  document.addEventListener("DOMContentLoaded", ready);
  document.addEventListener("htmx:afterSettle", arm);
  const reason = (xhr) => {
    try {
      return JSON.parse(xhr.responseText).detail;
    } catch {
      return "That did not work. Nothing was changed; please try again.";
    }
  };
  const complain = (text) => {
    const toast = document.createElement("div");
    toast.className = "toast bad";
    toast.textContent = text;
    $("#toasts")?.append(toast);
    arm();
  };
  document.addEventListener("htmx:responseError", (event) =>
    event.detail.xhr.status === 401 ? location.reload() : complain(reason(event.detail.xhr)));
  document.addEventListener("htmx:sendError", () => complain("The server cannot be reached. Check the network."));
})();
