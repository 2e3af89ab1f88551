// Draws the figures that pages carry as data; the colours of text and grid follow the page's light or dark.
const draw = () => {
  const style = getComputedStyle(document.body);
  const ink = style.getPropertyValue("--pst-color-text-base"), line = style.getPropertyValue("--pst-color-border");
  for (const place of document.querySelectorAll(".plotly-figure")) {
    const { data, layout } = JSON.parse(place.dataset.figure);
    const axes = Object.fromEntries(Object.keys(layout).filter(key => /^[xy]axis/.test(key))
      .map(key => [key, { ...layout[key], gridcolor: line, linecolor: line }]));
    const width = Math.min(layout.width || 900, place.clientWidth), height = layout.height || 450;
    const page = { width, height, paper_bgcolor: "transparent", plot_bgcolor: "transparent", font: { ...layout.font, color: ink } };
    place.style.height = `${height}px`;
    Plotly.react(place, data, { ...layout, ...axes, ...page }, { displaylogo: false });
  }
};
draw();
new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
