// Dialogs, tooltips, deadlines, forms. Every page works without it; nothing is asked of another host.
"use strict";

(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const NBSP = "\u00a0";

  // Theme: put in place at once, the cookie lets the server know.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-theme-form]")) return;
    event.preventDefault();
    const root = document.documentElement;
    const now = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
    document.cookie = `theme=${root.dataset.theme}; Path=/; Max-Age=31536000; SameSite=Lax`;
  });

  // Dialogs.
  const dialog = () => $("#dialog");

  function closeDialog() {
    const open = dialog();
    if (open?.open) open.close();
    const content = $("#dialog-content");
    if (content) content.replaceChildren();
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) $(`#${opener.dataset.open}`)?.showModal();
    if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
    // A click beside the dialog falls on the dialog itself.
    if (event.target instanceof HTMLDialogElement) event.target.close();
    for (const menu of $$("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id !== "dialog-content") return;
    const open = dialog();
    const content = $("#dialog-content");
    if (!content.childElementCount) return closeDialog();
    if (!open.open) open.showModal();
    ($("[role=alert]", content) ? $("textarea, input:not([type=hidden])", content) : $("[autofocus]", content))?.focus();
  });

  document.addEventListener("otklik:done", closeDialog);

  // Tooltips.
  const tooltip = document.createElement("div");
  tooltip.className = "tooltip";
  tooltip.hidden = true;
  tooltip.setAttribute("aria-hidden", "true");

  function showTip(owner) {
    if (!owner?.dataset.tip) return hideTip();
    const host = owner.closest("dialog") || document.body;
    if (tooltip.parentNode !== host) host.append(tooltip);
    tooltip.textContent = owner.dataset.tip;
    tooltip.hidden = false;
    const box = owner.getBoundingClientRect();
    const own = tooltip.getBoundingClientRect();
    const left = Math.max(8, Math.min(box.left + box.width / 2 - own.width / 2, innerWidth - own.width - 8));
    const above = box.top - own.height - 6;
    tooltip.style.left = `${left}px`;
    tooltip.style.top = `${above > 4 ? above : box.bottom + 6}px`;
  }

  function hideTip() {
    tooltip.hidden = true;
  }

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "mouse") showTip(event.target.closest("[data-tip]"));
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches(":focus-visible")) showTip(event.target.closest("[data-tip]"));
  });
  document.addEventListener("focusout", hideTip);
  document.addEventListener("scroll", hideTip, { capture: true, passive: true });

  // Deadlines: what is left, kept up to date; the same words as the server's.
  function span(minutes) {
    const pair = (big, unit, small, smallUnit) =>
      small ? `${big}${NBSP}${unit} ${small}${NBSP}${smallUnit}` : `${big}${NBSP}${unit}`;
    const days = Math.floor(minutes / 1440);
    const hours = Math.floor(minutes / 60) % 24;
    if (minutes < 1) return `меньше${NBSP}минуты`;
    if (minutes < 60) return `${minutes}${NBSP}мин`;
    return days ? pair(days, "дн", hours, "ч") : pair(hours, "ч", minutes % 60, "мин");
  }

  // The server's clock, told by the page, may differ from this computer's.
  let skew = 0;

  function readClock() {
    skew = Number(document.documentElement.dataset.now || Date.now()) - Date.now();
  }

  function renewDeadlines() {
    for (const one of $$("[data-due]")) {
      const left = Date.parse(one.dataset.due) - Date.now() - skew;
      const minutes = Math.floor(Math.abs(left) / 60000);
      one.textContent = left < 0 ? `просрочено на${NBSP}${span(minutes)}` : `осталось${NBSP}${span(minutes)}`;
      if (left < 0) one.classList.replace("calm", "late") || one.classList.replace("near", "late");
    }
  }

  readClock();
  setInterval(renewDeadlines, 30000);
  document.addEventListener("otklik:clock", () => {
    readClock();
    renewDeadlines();
  });

  // Forms.
  document.addEventListener("keydown", (event) => {
    const isSend = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (isSend && event.target.form && event.target.matches("textarea, input")) event.target.form.requestSubmit();
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.confirm && !confirm(form.dataset.confirm)) return event.preventDefault();
    if (form.method === "post" && !form.hasAttribute("hx-post") && !form.matches("[data-theme-form]")) {
      // After the browser has read the fields.
      setTimeout(() => $$("button", form).forEach((button) => (button.disabled = true)));
    }
  });

  const enableButtons = () => $$("form button:disabled").forEach((button) => (button.disabled = false));

  addEventListener("pageshow", (event) => {
    // Back from another page the buttons must work again.
    if (event.persisted) enableButtons();
  });

  for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(failure, enableButtons);
  }

  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.matches("[data-submit]")) field.form.requestSubmit();
    const choose = field.closest("[data-choose]");
    if (choose) countChosen(choose);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    const text = $(`#${button.dataset.insert}`);
    text.setRangeText(button.dataset.value, text.selectionStart, text.selectionEnd, "end");
    text.focus();
    // What is left to fill in stands in brackets: the first is selected.
    const gap = /\[[^\]]+\]/.exec(text.value);
    if (gap) text.setSelectionRange(gap.index, gap.index + gap[0].length);
  });

  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.dataset.narrow) narrow(field);
    if (field.dataset.sets) {
      const radio = $(`input[type=radio][value="${field.dataset.sets}"]`, field.form);
      if (radio) radio.checked = true;
    }
  });

  const plain = (text) => text.toLowerCase().replaceAll("ё", "е");

  /** Shows the choices that have every word typed and chooses the first. */
  function narrow(field) {
    const words = plain(field.value).split(/\s+/).filter(Boolean);
    const list = $(`#${field.dataset.narrow}`);
    const choices = $$("label", list);
    for (const choice of choices) {
      const text = plain(choice.dataset.words);
      choice.hidden = !words.every((word) => text.includes(word));
    }
    const shown = choices.filter((choice) => !choice.hidden);
    $("[data-nothing]", list).hidden = shown.length > 0;
    if (words.length && shown.length && !shown.some((choice) => $("input", choice).checked)) choose(shown[0]);
  }

  function choose(label) {
    $("input", label).checked = true;
    label.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!field.dataset?.narrow || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    const shown = $$("label:not([hidden])", $(`#${field.dataset.narrow}`));
    const at = shown.findIndex((choice) => $("input", choice).checked);
    const next = shown[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) choose(next);
  });

  function countChosen(form) {
    const count = $$("input[name=post]:checked", form).length;
    const word = $("[data-chosen-count]", form);
    if (!word) return;
    word.textContent = count ? `Отмечено: ${count}` : "Отметьте сообщения о другом, чтобы выделить их";
    $("[data-needs-choice]", form).disabled = count === 0;
  }

  // Long texts are cut; the rest is a click away.
  function clamp(root) {
    for (const text of $$("[data-clamp]:not(.measured)", root)) {
      text.classList.add("measured", "clamped");
      if (text.scrollHeight <= text.clientHeight + 2) {
        text.classList.remove("clamped");
        continue;
      }
      const button = document.createElement("button");
      button.type = "button";
      button.className = "more-text small";
      button.textContent = "показать целиком";
      button.addEventListener("click", () => {
        text.classList.remove("clamped");
        button.remove();
      });
      text.after(button);
    }
  }

  // Small curves come after the list.
  function askSparks() {
    const empty = $$(".row-spark[data-event]:empty:not(.asked)");
    for (let at = 0; at < empty.length; at += 40) {
      const part = empty.slice(at, at + 40);
      part.forEach((one) => one.classList.add("asked"));
      const asked = part.map((one) => `e=${encodeURIComponent(`${one.id.slice(6)}|${one.dataset.event}`)}`);
      window.htmx?.ajax("GET", `/sparks?${asked.join("&")}`, { swap: "none", source: document.body });
    }
  }

  // Messages leave by themselves.
  function dismissToasts() {
    for (const toast of $$(".toast:not(.leaving)")) {
      toast.classList.add("leaving");
      setTimeout(() => toast.remove(), toast.matches(".bad-news") ? 15000 : 8000);
    }
  }

  function settle(root) {
    clamp(root);
    askSparks();
    dismissToasts();
    $$("[data-choose]", root).forEach(countChosen);
  }

  document.addEventListener("htmx:load", (event) => settle(event.detail.elt.parentElement || document));
  document.addEventListener("otklik:renewed", () => settle(document));
  document.addEventListener("toggle", (event) => clamp(event.target), { capture: true });
  document.addEventListener("DOMContentLoaded", () => settle(document));
})();
