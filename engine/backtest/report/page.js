"use strict";
(() => {
  const WIDTH = 1120, PLOT = 1040, TOP = 8, SVG = "http://www.w3.org/2000/svg";
  const MINUTE = 6e4, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
  const STEPS = [1, 5, 15, 30].map(n => n * MINUTE).concat([1, 3, 6, 12].map(n => n * HOUR), [1, 2, 4, 7, 14, 30, 91, 183, 365].map(n => n * DAY));
  const charts = [...document.querySelectorAll("svg.chart")].map(svg => {
    const data = svg.dataset, plot = svg.querySelector(".plot");
    return {
      svg, plot, from: +data.from, to: +data.to, low: +data.low, high: +data.high, isLog: data.log === "1",
      unit: data.unit, height: +plot.getAttribute("height"), grid: svg.querySelector(".grid"),
      drawn: svg.querySelector(".grid").innerHTML, crosshair: svg.querySelector(".crosshair"),
      selection: svg.querySelector(".selection"), readout: svg.closest("figure").querySelector(".readout"),
      series: JSON.parse(document.getElementById("series-" + data.series).textContent),
    };
  });
  if (!charts.length) return sortable();
  const all = [Math.min(...charts.map(c => c.from)), Math.max(...charts.map(c => c.to))];
  let [from, to] = all, began = null;

  const span = chart => from === all[0] && to === all[1] ? [chart.from, chart.to] : [from, to];
  const timeAt = (chart, event) => {
    const box = chart.svg.getBoundingClientRect(), [first, last] = span(chart);
    const share = (event.clientX - box.left) / box.width * WIDTH / PLOT;
    return first + Math.min(1, Math.max(0, share)) * (last - first);
  };
  const placeOf = (chart, ms) => { const [first, last] = span(chart); return (ms - first) / (last - first) * PLOT; };
  const value = (chart, y) => {
    const share = 1 - y / chart.height;
    return chart.isLog ? chart.low * Math.pow(chart.high / chart.low, share) : chart.low + share * (chart.high - chart.low);
  };
  const height = (chart, v) => {
    const share = chart.isLog ? Math.log(v / chart.low) / Math.log(chart.high / chart.low) : (v - chart.low) / (chart.high - chart.low);
    return (1 - share) * chart.height;
  };
  const clock = ms => new Date(ms).toISOString().slice(0, 16).replace("T", " ");
  const number = (v, unit) => v.toLocaleString("en-US", { maximumFractionDigits: unit || Math.abs(v) >= 100 ? 2 : 6 }) + unit;
  const rowAt = (times, ms) => {
    let low = 0, high = times.length - 1;
    while (low < high) { const middle = (low + high + 1) >> 1; if (times[middle] <= ms) low = middle; else high = middle - 1; }
    return low;
  };

  function point(ms) {
    for (const chart of charts) {
      const { t, ...columns } = chart.series, x = placeOf(chart, ms), isInside = x >= 0 && x <= PLOT;
      chart.crosshair.setAttribute("x1", isInside ? x : -9);
      chart.crosshair.setAttribute("x2", isInside ? x : -9);
      const row = rowAt(t, ms);
      chart.readout.textContent = clock(t[row]) + Object.entries(columns).map(([name, values]) => `  ·  ${name} ${number(values[row], chart.unit)}`).join("");
    }
  }
  function leave() {
    for (const chart of charts) {
      chart.crosshair.setAttribute("x1", -9); chart.crosshair.setAttribute("x2", -9);
      chart.readout.textContent = "";
    }
  }
  function add(parent, name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
  }
  function show() {
    for (const chart of charts) {
      const isWhole = from === all[0] && to === all[1];
      if (isWhole) {
        chart.plot.setAttribute("viewBox", `0 0 ${PLOT} ${chart.height}`);
        chart.grid.innerHTML = chart.drawn;
        continue;
      }
      const { t, ...columns } = chart.series, scale = PLOT / (chart.to - chart.from);
      const first = rowAt(t, from), last = rowAt(t, to), seen = Object.values(columns).flatMap(values => values.slice(first, last + 1));
      let top = height(chart, Math.max(...seen)), bottom = height(chart, Math.min(...seen));
      const room = (bottom - top) * 0.06 || 1;
      top -= room; bottom += room;
      chart.plot.setAttribute("viewBox", `${(from - chart.from) * scale} ${top} ${(to - from) * scale} ${bottom - top}`);
      chart.grid.replaceChildren();
      const lowest = value(chart, bottom), highest = value(chart, top), rough = (highest - lowest) / Math.max(3, chart.height / 40);
      const magnitude = Math.pow(10, Math.floor(Math.log10(rough))), step = [1, 2, 2.5, 5, 10].find(f => f * magnitude >= rough * 0.999) * magnitude;
      for (let tick = Math.ceil(lowest / step) * step; tick <= highest; tick += step) {
        const y = TOP + (height(chart, tick) - top) / (bottom - top) * chart.height;
        add(chart.grid, "line", { x1: 0, x2: PLOT, y1: y, y2: y });
        add(chart.grid, "text", { x: PLOT + 8, y: y + 4 }, Number(tick.toPrecision(6)).toLocaleString("en-US", { maximumFractionDigits: 6 }) + chart.unit);
      }
      const pace = STEPS.find(each => (to - from) / each <= 9) || STEPS[STEPS.length - 1];
      for (let ms = Math.ceil(from / pace) * pace; ms <= to; ms += pace) {
        const x = placeOf(chart, ms), label = clock(ms);
        add(chart.grid, "line", { x1: x, x2: x, y1: TOP, y2: TOP + chart.height });
        if (x > 30 && x < PLOT - 20) add(chart.grid, "text", { x, y: TOP + chart.height + 18, "text-anchor": "middle" }, pace < DAY ? label.slice(5) : label.slice(0, 10));
      }
    }
  }
  for (const chart of charts) {
    chart.svg.addEventListener("pointerdown", event => {
      if (event.pointerType === "mouse" && event.button === 0) { began = timeAt(chart, event); chart.svg.setPointerCapture(event.pointerId); }
    });
    chart.svg.addEventListener("pointermove", event => {
      const ms = timeAt(chart, event);
      point(ms);
      if (began === null) return;
      const [left, right] = [began, ms].sort((a, b) => a - b).map(at => placeOf(chart, at));
      chart.selection.setAttribute("x", left);
      chart.selection.setAttribute("width", right - left);
    });
    chart.svg.addEventListener("pointerup", event => {
      const ms = timeAt(chart, event), ends = began === null ? null : [began, ms].sort((a, b) => a - b);
      began = null;
      chart.selection.setAttribute("width", 0);
      if (ends && Math.abs(placeOf(chart, ends[1]) - placeOf(chart, ends[0])) > 6) { [from, to] = ends; show(); }
    });
    chart.svg.addEventListener("pointerleave", leave);
    chart.svg.addEventListener("dblclick", () => { [from, to] = all; show(); });
  }
  sortable();

  function sortable() {
    for (const table of document.querySelectorAll("table.trades")) {
      const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
      heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
        const isRising = head.getAttribute("aria-sort") !== "ascending", isNumber = head.className === "number";
        const key = row => {
          const cell = row.cells[column];
          if (cell.dataset.order !== undefined) return +cell.dataset.order;
          return isNumber ? parseFloat(cell.textContent.replace(/,/g, "")) || 0 : cell.textContent;
        };
        const rows = [...body.rows].map(row => [key(row), row]);
        rows.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (isRising ? 1 : -1));
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", isRising ? "ascending" : "descending");
        body.append(...rows.map(([, row]) => row));
      }));
    }
  }
})();
