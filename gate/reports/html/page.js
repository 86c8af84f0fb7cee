"use strict";
// The filter. It hides what does not fit and changes nothing else: no text becomes an element, and no address is asked.
(() => {
  const bar = document.getElementById("filter");
  if (!bar) return;
  const search = bar.querySelector("input[type=search]");
  const boxes = [...bar.querySelectorAll("input[type=checkbox]")];
  const platform = bar.querySelector("select");
  const told = bar.querySelector("output");
  const textOf = (element) => element.textContent.toLowerCase();

  const groups = [...document.querySelectorAll(".rules")].map((group) => ({
    nothing: group.querySelector(".nothing"),
    rules: [...group.querySelectorAll(".rule")].map((rule) => {
      const items = [...rule.querySelectorAll(".item")].map((item) => ({
        element: item,
        text: textOf(item),
        state: item.dataset.state,
        on: item.dataset.on ? item.dataset.on.split(" ") : null,
      }));
      const around = rule.querySelectorAll("summary, .head, .body > :not(.items)");
      const own = [...around].map(textOf).join(" ");
      return { element: rule, own, level: rule.dataset.level, state: rule.dataset.state, items };
    }),
  }));

  const show = (element, is) => {
    element.hidden = !is;
    return is ? 1 : 0;
  };

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const ticked = { level: new Set(), state: new Set() };
    for (const box of boxes) if (box.checked) ticked[box.name].add(box.value);
    const hasLevels = boxes.some((box) => box.name === "level");
    const on = platform ? platform.value : "";
    const says = (text) => words.every((word) => text.includes(word));
    let shown = 0;
    let all = 0;
    for (const { nothing, rules } of groups) {
      let visible = 0;
      for (const { element, own, level, state, items } of rules) {
        const fits = !hasLevels || ticked.level.has(level);
        let inside = 0;
        for (const item of items) {
          const isOn = !on || !item.on || item.on.includes(on);
          inside += show(item.element, fits && isOn && ticked.state.has(item.state) && says(own + " " + item.text));
        }
        all += items.length || 1;
        if (!items.length) inside = fits && ticked.state.has(state) && says(own) ? 1 : 0;
        shown += inside;
        visible += show(element, inside > 0);
      }
      show(nothing, visible === 0);
    }
    told.textContent = shown === all ? "" : shown + " of " + all + " shown";
    bar.classList.toggle("active", shown !== all);
  };

  bar.addEventListener("input", apply);
  bar.querySelector("button").addEventListener("click", () => {
    search.value = "";
    for (const box of boxes) box.checked = true;
    if (platform) platform.value = "";
    apply();
    search.focus();
  });
  bar.hidden = false;
  apply();
})();
