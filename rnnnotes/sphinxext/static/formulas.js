// Copies the texts of a formula, and shows a formula beside a link to it.  The pages read without it.
(() => {
  const here = document.currentScript.src;
  const status = document.createElement("div");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  document.addEventListener("DOMContentLoaded", () => document.body.append(status));

  // -- Copying ------------------------------------------------------------------------------------

  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy"); // for pages that are served without TLS
    area.remove();
  };

  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("button[data-copy]");
    if (!button) return;
    await copy(document.getElementById(button.dataset.copy).textContent + "\n");
    button.classList.add("fml-done");
    status.textContent = button.dataset.copied;
    setTimeout(() => {
      button.classList.remove("fml-done");
      status.textContent = "";
    }, 2000);
  });

  // -- Search: an excerpt holds each formula once, not as MathML, as TeX and as boxes --------------

  // A page from a file may not fetch others, so its results have no excerpts.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  if (typeof Search !== "undefined" && Search.htmlToText) {
    const original = Search.htmlToText;
    Search.htmlToText = (html, anchor) => {
      const page = new DOMParser().parseFromString(html, "text/html");
      page.querySelectorAll(".katex-html, annotation, .fml-reuse").forEach((part) => part.remove());
      return original(page.documentElement.outerHTML, anchor);
    };
  }

  // -- Preview ------------------------------------------------------------------------------------

  const LINKS = 'a.fml-ref, a.reference[href*="#equation-"]';
  const previews = {};
  let box, shown, timer;

  // A script can be loaded from file:// too, where data cannot.
  window.formulaPreview = (slug, html) => (previews[slug] = html);
  const load = (slug) =>
    new Promise((done) => {
      if (slug in previews) return done();
      const script = document.createElement("script");
      script.src = new URL(`formulas/${slug}.js`, here).href;
      script.onload = script.onerror = done;
      document.head.append(script);
    });

  const later = (action, delay) => {
    clearTimeout(timer);
    timer = setTimeout(action, delay);
  };

  const hide = () => {
    clearTimeout(timer);
    box?.remove();
    shown?.removeAttribute("aria-describedby");
    box = shown = undefined;
  };

  const show = async (link) => {
    hide();
    shown = link;
    const slug = decodeURIComponent(link.hash.slice(1))
      .replace(/^equation-/, "").replace(/[^a-z0-9]+/gi, "-").toLowerCase();
    await load(slug);
    if (link !== shown || !previews[slug]) return;
    box = document.createElement("div");
    Object.assign(box, { className: "fml-preview", id: "fml-preview", innerHTML: previews[slug] });
    box.setAttribute("role", "tooltip");
    document.body.append(box);
    link.setAttribute("aria-describedby", box.id);
    const at = link.getBoundingClientRect();
    const below = at.bottom + box.offsetHeight < innerHeight || at.top < box.offsetHeight;
    const right = document.documentElement.clientWidth - box.offsetWidth - 16;
    box.style.left = `${scrollX + Math.max(8, Math.min(at.left, right))}px`;
    box.style.top = `${scrollY + (below ? at.bottom : at.top - box.offsetHeight)}px`;
  };

  document.addEventListener("pointerover", ({ target, pointerType }) => {
    if (pointerType === "touch") return;
    const link = target.closest?.(LINKS);
    if (link === shown || box?.contains(target)) clearTimeout(timer);
    else if (link) later(() => show(link), 250); // a pointer on its way to a preview may cross a link
    else if (document.activeElement === shown) clearTimeout(timer);
    else later(hide, 200);
  });
  document.addEventListener("focusin", ({ target }) => target.matches?.(LINKS) && show(target));
  document.addEventListener("focusout", ({ target }) => target === shown && later(hide, 200));
  document.addEventListener("keydown", ({ key }) => key === "Escape" && hide());
})();
