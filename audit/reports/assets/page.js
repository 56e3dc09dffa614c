"use strict";
(() => {
  const form = document.getElementById("filters");
  const findings = Array.from(document.querySelectorAll(".finding"));
  const shown = document.getElementById("shown");
  const search = document.getElementById("search");
  const family = document.getElementById("family");
  if (!form) return;
  const texts = new Map(findings.map((finding) => [finding, finding.textContent.toLowerCase()]));
  const checked = (name) => new Set(Array.from(form.querySelectorAll(`input[name=${name}]:checked`), (box) => box.value));

  function filter() {
    const severities = checked("severity");
    const states = checked("state");
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const finding of findings) {
      const { severity, state, family: own } = finding.dataset;
      const visible =
        severities.has(severity) &&
        states.has(state) &&
        (family.value === "" || family.value === own) &&
        words.every((word) => texts.get(finding).includes(word));
      finding.hidden = !visible;
      count += visible;
    }
    shown.textContent = `${count} of ${findings.length} shown`;
  }

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && event.target === search) {
      search.value = "";
      filter();
    }
  });
  filter();
})();
