"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const narrow = matchMedia("(max-width: 35rem)");
  const drawn = new Map();

  // Colours are names of the style sheet; the browser says what they are in this theme.
  const probe = document.body.appendChild(document.createElement("span"));
  probe.hidden = true;
  const resolved = (name) => {
    const [own, alpha] = name.split("/");
    probe.style.color = `var(${own})`;
    const color = getComputedStyle(probe).color;
    return alpha ? color.replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`) : color;
  };
  const colored = (value) => {
    if (typeof value === "string") return value.startsWith("--") ? resolved(value) : value;
    if (Array.isArray(value)) return value.map(colored);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, colored(v)]));
  };

  const layoutOf = (given, width) => {
    const quiet = resolved("--quiet");
    const grid = resolved("--grid");
    const axis = (own) => ({
      gridcolor: grid, zerolinecolor: resolved("--neutral"), linecolor: resolved("--rule"),
      tickcolor: grid, tickfont: { color: quiet, size: narrow.matches ? 11 : 12 }, automargin: true,
      fixedrange: matchMedia("(pointer: coarse)").matches, zeroline: false, zerolinewidth: 1.5, ...own,
      title: { standoff: 10, font: { color: quiet, size: narrow.matches ? 11.5 : 13 }, ...own?.title },
    });
    return {
      ...given, xaxis: axis(given.xaxis), yaxis: axis(given.yaxis), ...(width ? { width } : { autosize: true }),
      margin: { l: 8, r: narrow.matches ? 16 : 20, t: 12, b: 8, pad: 4 },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
      font: { family: getComputedStyle(document.body).fontFamily, color: resolved("--text") },
      hovermode: "closest",
      hoverlabel: {
        bgcolor: resolved("--raised"), bordercolor: resolved("--rule"), align: "left",
        font: { color: resolved("--text"), size: 13 },
      },
    };
  };

  const draw = (place, width) => {
    const state = drawn.get(place);
    if (!state) return;
    const data = colored(state.figure.data);
    state.visible.forEach((shown, trace) => { data[trace].visible = shown; });
    const layout = layoutOf(colored(state.figure.layout), width);
    if (width && !state.figure.narrow) layout.height = 290;
    if (narrow.matches) {
      if (state.figure.narrow) layout.yaxis.ticktext = state.figure.narrow;
      const title = layout.xaxis.title;
      if (title.text?.length > 40) title.text = title.text.split(" (")[0];
    }
    return Plotly.react(place, data, layout, { displayModeBar: false, responsive: !width });
  };

  const SYMBOLS = {
    "circle": "M10 4a4 4 0 1 0 .01 0Z", "square": "M6.5 4.5h7v7h-7Z",
    "diamond": "M10 3l5 5-5 5-5-5Z", "triangle-up": "M10 3.5l4.5 8h-9Z",
    "triangle-down": "M10 12.5l4.5-8h-9Z",
    "cross": "M8.5 4h3v2.5H14v3h-2.5V12h-3V9.5H6v-3h2.5Z",
    "star": "M10 3l1.5 3.5 3.5.3-2.7 2.3.9 3.6L10 10.8l-3.2 1.9.9-3.6L5 6.8l3.5-.3Z",
  };
  const DASHES = {
    solid: "", dash: "6 3", dot: "2 3", dashdot: "6 3 2 3", longdash: "9 3", longdashdot: "9 3 2 3",
  };
  const swatch = (entry) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const add = (kind, values) => {
      const part = svg.appendChild(document.createElementNS(svg.namespaceURI, kind));
      Object.entries(values).forEach(([key, value]) => part.setAttribute(key, value));
      return part;
    };
    svg.setAttribute("width", 20);
    svg.setAttribute("height", 16);
    svg.setAttribute("aria-hidden", "true");
    const color = `var(${entry.color})`;
    if (entry.dash) {
      add("path", { d: "M0 8h20", "stroke-width": 2, "stroke-dasharray": DASHES[entry.dash] || "none" })
        .style.stroke = color;
    }
    if (entry.symbol) add("path", { d: SYMBOLS[entry.symbol] }).style.fill = color;
    return svg;
  };

  const addLegend = (place, state) => {
    const legend = place.closest("figure").querySelector(".legend");
    for (const entry of state.figure.legend) {
      const button = legend.appendChild(document.createElement("button"));
      button.type = "button";
      button.append(swatch(entry), entry.name);
      button.setAttribute("aria-pressed", entry.shown);
      button.addEventListener("click", () => {
        const shown = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", shown);
        entry.traces.forEach((trace) => { state.visible[trace] = shown; });
        draw(place);
      });
    }
  };

  const begin = (place) => {
    if (drawn.has(place)) return;
    const figure = JSON.parse(place.querySelector("script").textContent);
    place.replaceChildren();
    const state = { figure, visible: figure.data.map((trace) => trace.visible ?? true) };
    drawn.set(place, state);
    addLegend(place, state);
    draw(place);
  };

  const unpacked = async () => {
    const text = document.getElementById("library").textContent;
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
    script.remove();
  };

  const redraw = (width) => drawn.forEach((_, place) => draw(place, width));
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const remembered = (value) => {
    try {
      return value ? localStorage.setItem("tfticket-theme", value) : localStorage.getItem("tfticket-theme");
    } catch { return null; } // some browsers keep nothing for files
  };
  const button = document.getElementById("theme");
  const name = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  const theme = remembered();
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  button.hidden = false;
  name();
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remembered(root.dataset.theme);
    name();
    redraw();
  });
  dark.addEventListener("change", () => { name(); redraw(); });
  narrow.addEventListener("change", () => redraw());

  const places = [...document.querySelectorAll(".plot")];
  const folds = [...document.querySelectorAll("details.fold")];
  const openTarget = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const fold = target && target.querySelector("details.fold");
    if (fold) fold.open = true;
  };
  addEventListener("hashchange", openTarget);
  openTarget();

  // On paper it is light, as wide as the paper, and whole.
  let before = null;
  addEventListener("beforeprint", () => {
    before = { theme: root.dataset.theme, open: folds.map((fold) => fold.open) };
    root.dataset.theme = "light";
    folds.forEach((fold) => { fold.open = true; });
    if (window.Plotly) { places.forEach(begin); redraw(680); }
  });
  addEventListener("afterprint", () => {
    if (!before) return;
    if (before.theme) root.dataset.theme = before.theme; else delete root.dataset.theme;
    folds.forEach((fold, number) => { fold.open = before.open[number]; });
    redraw();
  });

  unpacked().then(() => {
    const seen = new IntersectionObserver((entries) => {
      entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
        seen.unobserve(entry.target);
        begin(entry.target);
      });
    }, { rootMargin: "800px" });
    places.forEach((place) => seen.observe(place));
    root.dataset.ready = "true";
  }).catch((error) => {
    const trouble = document.getElementById("trouble");
    trouble.textContent = "Plots need a browser of 2024 or newer; every number is in the tables."
      + ` (${error})`;
    trouble.hidden = false;
  });
})();
