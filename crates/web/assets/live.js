// Lists that renew themselves: what is shown is brought up to date in its place, what is new announces itself.
"use strict";

(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const WAIT_MS = 700;
  const REPLY_MS = 10_000;

  let timer;
  let latest;
  let missed = false;
  let busyUntil = 0;

  /** `1 новый`, `2 новых`, `5 новых`. */
  function fresh(count) {
    const one = count % 10 === 1 && count % 100 !== 11;
    return `${count}\u00a0${one ? "новый" : "новых"} — показать`;
  }

  function announce(text, act) {
    const place = $("#fresh");
    if (!place) return;
    if (!text) return place.replaceChildren();
    const button = $("button", place) || document.createElement("button");
    button.type = "button";
    button.className = "fresh";
    button.textContent = text;
    button.onclick = act;
    if (!button.isConnected) place.append(button);
  }

  async function ask() {
    const reply = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (!reply.ok || reply.redirected) return null;
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    document.documentElement.dataset.now = page.documentElement.dataset.now;
    document.dispatchEvent(new Event("otklik:clock"));
    return page;
  }

  // What changes from one request to the next without meaning anything.
  const same = (row) => row.outerHTML.replace(/ class="[^"]*"/, "").replace(/<div class="row-spark[\s\S]*?<\/div>/, "");

  function renewRow(row, other) {
    if (row.matches(".selected, .replanned, :focus-within") || row.hasAttribute("data-acted")) return;
    if (same(row) === same(other)) return;
    const [spark, place] = [$(".row-spark", row), $(".row-spark", other)];
    if (spark && place) place.replaceWith(spark);
    const renewed = document.adoptNode(other);
    row.replaceWith(renewed);
    window.htmx?.process(renewed);
  }

  function renewCounts(page) {
    for (const selector of ["#work .tabs", "#waiting"]) {
      const [now, then] = [$(selector), $(selector, page)];
      if (now && then && now.innerHTML !== then.innerHTML) now.innerHTML = then.innerHTML;
    }
  }

  function renewList(page) {
    const shown = new Map($$("[data-rows] [data-row]").map((row) => [row.id, row]));
    const found = $$("[data-rows] [data-row]", page);
    const ids = new Set(found.map((row) => row.id));
    const added = found.filter((row) => !shown.has(row.id)).length;
    latest = page;
    renewCounts(page);
    for (const [id, row] of shown) row.classList.toggle("gone", !ids.has(id));
    for (const other of found) {
      const row = shown.get(other.id);
      if (row) renewRow(row, other.cloneNode(true));
    }
    announce(added ? fresh(added) : "", showLatest);
  }

  /** Puts the whole list in place, when the person asks for it. */
  function showLatest() {
    const [now, then] = [$("#work"), $("#work", latest)];
    if (!now || !then) return;
    const selected = $("[data-row].selected", now)?.id;
    const before = now.scrollTop;
    const renewed = document.adoptNode(then);
    now.replaceWith(renewed);
    renewed.scrollTop = before;
    window.htmx?.process(renewed);
    if (selected) $(`#${CSS.escape(selected)}`, renewed)?.classList.add("selected");
    document.dispatchEvent(new Event("otklik:renewed"));
    $("[data-open-row]", renewed)?.focus();
  }

  /** A card is renewed around the form somebody may be writing in; the form itself stays as it is. */
  function renewCard(page) {
    const [now, then] = [$("#card"), $("#card", page)];
    if (!now || !then) return;
    renewCounts(page);
    const [mine, its] = [$("#act", now), $("#act", then)];
    if (mine && !its) return announce("Инцидент изменился: это действие больше невозможно. Показать карточку", () => location.assign(location.pathname));
    const renewed = document.adoptNode(then);
    const writing = mine?.contains(document.activeElement) ? document.activeElement : null;
    if (mine) its.replaceWith(mine);
    now.replaceWith(renewed);
    writing?.focus({ preventScroll: true });
    window.htmx?.process(renewed);
    document.dispatchEvent(new Event("otklik:renewed"));
    // One's own change is no news.
    const changed = now.dataset.version !== renewed.dataset.version;
    if (mine && changed) announce("Инцидент изменился, пока вы пишете: остальное на странице уже обновлено", () => announce(""));
  }

  async function renew() {
    const live = $("[data-live]");
    if (!live) return;
    if (document.hidden) {
      missed = true;
      return;
    }
    missed = false;
    // A reply on its way is meant for what stands here now: it would find its place gone.
    if (isBusy()) return soon();
    try {
      const page = await ask();
      if (!page) return;
      if (isBusy()) return soon();
      if (live.dataset.live === "card") renewCard(page);
      else renewList(page);
    } catch {
      // The connection is down; the next change brings another try.
    }
  }

  const isBusy = () => performance.now() < busyUntil;

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(renew, WAIT_MS);
  }

  function changed(event) {
    const live = $("[data-live]");
    const isMine = live?.dataset.live !== "card" || !event.data || live.dataset.key === event.data;
    if (isMine) soon();
  }

  function listen() {
    if (!$("[data-live]")) return;
    const source = new EventSource("/live");
    source.addEventListener("incident", changed);
    source.addEventListener("everything", changed);
    // After a break what happened meanwhile is not known.
    let broken = false;
    source.addEventListener("error", () => (broken = true));
    source.addEventListener("open", () => {
      if (broken) soon();
      broken = false;
    });
    addEventListener("pagehide", () => source.close());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && missed) soon();
    });
  }

  document.addEventListener("htmx:beforeSend", () => (busyUntil = performance.now() + REPLY_MS));
  document.addEventListener("htmx:afterRequest", () => (busyUntil = 0));
  document.addEventListener("DOMContentLoaded", listen);
})();
