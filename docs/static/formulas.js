// Draws the formulas of a page; without scripts their TeX stays readable. KaTeX's blackboard has letters only, so an indicator is bold.
for (const place of document.querySelectorAll(".formula")) {
  const tex = place.textContent.replace(/\\mathbb ?\{?1\}?/g, "\\mathbf 1");
  katex.render(tex, place, { displayMode: place.tagName === "DIV", throwOnError: false });
}
