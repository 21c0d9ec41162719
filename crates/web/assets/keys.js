// The keyboard: going through a list, opening, deciding. Keys are told by their place, so that a Russian layout works.
"use strict";

(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const SECTIONS = { KeyR: "/", KeyE: "/events", KeyI: "/incidents", KeyS: "/search", KeyB: "/board", KeyA: "/agency" };
  const FORMS = { KeyR: "route", KeyN: "reject", KeyM: "merge", KeyP: "postpone" };
  const GO_MS = 1200;

  let goUntil = 0;
  let previewTimer;

  const rows = () => $$("[data-rows] [data-row]");
  const opener = (row) => $("[data-open-row]", row);
  const decides = () => $("[data-decides]") !== null;
  const previewKey = () => $("#preview [data-preview]")?.dataset.preview;

  function currentRow() {
    return document.activeElement?.closest?.("[data-row]") || $("[data-row].selected");
  }

  function select(row) {
    $$("[data-row].selected").forEach((one) => one.classList.remove("selected"));
    row?.classList.add("selected");
  }

  function focusRow(row) {
    if (!row) return;
    select(row);
    opener(row)?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function move(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(currentRow());
    const next = at < 0 ? all[step > 0 ? 0 : all.length - 1] : all[at + step];
    focusRow(next);
    // With a preview open going through the list shows each in turn.
    if (next && previewKey() && isWide()) showSoon(next);
  }

  const isWide = () => matchMedia("(min-width: 1100px)").matches;

  function showSoon(row) {
    clearTimeout(previewTimer);
    previewTimer = setTimeout(() => opener(row)?.click(), 160);
  }

  function closePreview() {
    const split = $("#split");
    if (!split) return false;
    split.classList.remove("open");
    const key = previewKey();
    if (!key) return false;
    $("#preview").replaceChildren();
    opener($(`#row-${key}`) || document.body)?.focus();
    return true;
  }

  /** The incident a key speaks of: the one looked at, else the one in the list. */
  function subject() {
    const row = currentRow() || $(`#row-${previewKey()}`);
    return row?.dataset.id ? row : null;
  }

  const planned = (row) => (row.classList.contains("replanned") ? row.dataset.planned : "");

  function ask(kind) {
    const row = subject();
    if (!row) return;
    select(row);
    const query = new URLSearchParams({ from: "triage", severity: planned(row) });
    const url = `/incidents/${encodeURIComponent(row.dataset.id)}/act/${kind}?${query}`;
    window.htmx.ajax("GET", url, { target: "#dialog-content", source: "#dialog-content" });
  }

  function confirmIncident() {
    const row = subject();
    if (!row) return;
    select(row);
    const form = previewKey() === row.dataset.key ? $("#preview [data-form=triage]") : null;
    if (form) return form.requestSubmit();
    const values = { version: row.dataset.version, from: "triage", severity: planned(row) };
    const url = `/incidents/${encodeURIComponent(row.dataset.id)}/act/triage`;
    window.htmx.ajax("POST", url, { target: "#dialog-content", source: "#dialog-content", values });
  }

  /** Plans another severity: it is written when the incident is confirmed or sent on. */
  function planSeverity(level) {
    const row = subject();
    if (!row) return;
    select(row);
    row.dataset.planned = level;
    row.classList.toggle("replanned", level !== row.dataset.severity);
    const mark = $(".severity", row);
    mark.className = `severity s${level}${level === row.dataset.severity ? "" : " planned"}`;
    $("[data-level]", row).textContent = level;
    if (previewKey() === row.dataset.key) {
      const radio = $(`#preview input[name=severity][value="${level}"]`);
      if (radio) radio.checked = true;
    }
    say(level === row.dataset.severity ? `Тяжесть ${level}, как была` : `Тяжесть станет ${level}, когда подтвердите или направите`);
  }

  function say(text) {
    const toasts = $("#toasts");
    $$(".hint-toast", toasts).forEach((one) => one.remove());
    const toast = document.createElement("div");
    toast.className = "toast hint-toast";
    toast.textContent = text;
    toasts.append(toast);
    setTimeout(() => toast.remove(), 4000);
  }

  const isTyping = (target) =>
    target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;

  /** What a key does, as a function; nothing for keys without a meaning. */
  function meaning(event) {
    const { code, key, shiftKey } = event;
    if (Date.now() < goUntil) {
      goUntil = 0;
      const href = SECTIONS[code];
      if (href) return () => location.assign(href);
    }
    if (key === "?" || (code === "Slash" && shiftKey)) return () => $("#help")?.showModal();
    if (code === "Slash" || key === "/") return () => ($("[data-key=filter]") || $("[data-key=search]"))?.focus();
    if (shiftKey) return null;
    switch (code) {
      case "KeyJ":
      case "ArrowDown":
        return rows().length ? () => move(1) : null;
      case "KeyK":
      case "ArrowUp":
        return rows().length ? () => move(-1) : null;
      case "KeyO":
        return () => location.assign(opener(currentRow() || document)?.href || location.href);
      case "KeyU":
        return () => $("#fresh button")?.click();
      case "KeyG":
        return () => (goUntil = Date.now() + GO_MS);
    }
    if (!decides()) return null;
    if (/^(Digit|Numpad)[1-5]$/.test(code)) return () => planSeverity(code.at(-1));
    if (code === "KeyT") return confirmIncident;
    return FORMS[code] ? () => ask(FORMS[code]) : null;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if ($("dialog[open]")) return;
    if (event.key === "Escape") {
      if (isTyping(event.target)) event.target.blur();
      else closePreview();
      return;
    }
    if (isTyping(event.target)) return;
    const act = meaning(event);
    if (!act) return;
    event.preventDefault();
    act();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-preview]")) return closePreview();
    const press = event.target.closest("[data-press]");
    if (press) {
      const key = press.dataset.press;
      if (key === "t") return confirmIncident();
      return ask(FORMS[`Key${key.toUpperCase()}`]);
    }
    const row = event.target.closest("[data-row]");
    if (!row) return;
    if (row.closest("[data-rows]")) select(row);
    // A click beside the words of a row is a click on its title; marking words is not.
    const isOnControl = event.target.closest("a, button, input, label, summary, details, mark, form");
    if (!isOnControl && row.matches("li, tr") && !String(getSelection())) opener(row)?.click();
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "preview") return;
    $("#split")?.classList.add("open");
    $("#preview").scrollTop = 0;
  });

  // The one dealt with stays where it is, dimmed; the next one is at hand.
  document.addEventListener("otklik:done", (event) => {
    const { key } = event.detail;
    const all = rows();
    const at = all.findIndex((row) => row.dataset.key === key);
    const next = all.slice(at + 1).find((row) => !row.hasAttribute("data-acted") && !row.classList.contains("gone"));
    const wasOpen = previewKey() === key;
    setTimeout(() => {
      focusRow(next);
      if (wasOpen && next && $("#preview") && isWide()) opener(next)?.click();
      else if (wasOpen) closePreview();
    });
  });
})();
