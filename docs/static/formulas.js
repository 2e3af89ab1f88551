// Draws the formulas of a page; without scripts their TeX stays readable.
for (const place of document.querySelectorAll(".formula"))
  katex.render(place.textContent, place, { displayMode: place.tagName === "DIV", throwOnError: false });
