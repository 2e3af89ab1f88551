// Draws the figures that pages carry as data; the colours of text and grid follow the page's light or dark.
// Until then, and without scripts, the place holds the figure as SVG. One that names its width is scrolled where there is less room.
const draw = () => {
  const style = getComputedStyle(document.body);
  const ink = style.getPropertyValue("--pst-color-text-base"), line = style.getPropertyValue("--pst-color-border");
  const dragmode = matchMedia("(pointer: coarse)").matches ? false : "zoom"; // a finger that drags wants to scroll
  for (const place of document.querySelectorAll(".plotly-figure")) {
    const { data, layout } = JSON.parse(place.dataset.figure);
    const axes = Object.fromEntries(Object.keys(layout).filter(key => /^[xy]axis/.test(key))
      .map(key => [key, { ...layout[key], gridcolor: line, linecolor: line }]));
    const annotations = (layout.annotations || []).map(text => ({ ...text, font: { ...text.font, color: ink } }));
    if (!place.data) place.replaceChildren();
    const width = layout.width || Math.min(900, place.clientWidth), height = layout.height || 450;
    const page = { width, height, paper_bgcolor: "transparent", plot_bgcolor: "transparent", font: { ...layout.font, color: ink } };
    place.style.height = `${height}px`;
    Plotly.react(place, data, { ...layout, ...axes, ...page, annotations, dragmode }, { displayModeBar: false });
  }
};
draw();
new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
