// Draws the figures that pages carry as data; the colours of text and grid follow the page's light or dark.
// Until then, and without scripts, the place holds the figure as SVG. One that names its width is scrolled where there is less room.
const ROW = 36; // pixels that a row takes whose name stands on two lines

// The height of a figure, taller than it says where names on two lines would touch.
const roomy = ({ height = 450, margin, ...layout }) => {
  const inside = height - margin.t - margin.b;
  const crowded = Object.values(layout).filter(axis => axis?.ticktext?.some(name => String(name).includes("<br>")));
  const scales = crowded.map(({ domain: [low, high] = [0, 1], ticktext }) => ROW * ticktext.length / ((high - low) * inside));
  return height + inside * (Math.max(1, ...scales) - 1);
};

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
    const width = layout.width || Math.min(900, place.clientWidth), height = roomy(layout);
    const page = { width, height, paper_bgcolor: "transparent", plot_bgcolor: "transparent", font: { ...layout.font, color: ink } };
    place.style.height = `${height}px`;
    Plotly.react(place, data, { ...layout, ...axes, ...page, annotations, dragmode }, { displayModeBar: false });
  }
};
draw();
new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
