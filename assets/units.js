/* How a value of a unit is written in tooltips, tables and on axes; as queries/units.py writes it on cards. */
(function () {
  "use strict";
  const NOT_KNOWN = "not known";
  const NARROW = "\u202f";
  const SCALES = [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]];

  const grouped = (value, least, most) =>
    value.toLocaleString("en-US", { minimumFractionDigits: least, maximumFractionDigits: most });

  // 97,123 ms reads 1m 37s; below a minute two decimals at most.
  function duration(ms) {
    const seconds = ms / 1000;
    if (seconds < 0.9995) return grouped(ms, 0, 1) + NARROW + "ms";
    if (seconds < 59.95) return grouped(seconds, 0, 2) + NARROW + "s";
    const whole = Math.round(seconds), two = (n) => String(n).padStart(2, "0");
    if (whole < 3600) return Math.floor(whole / 60) + "m " + two(whole % 60) + "s";
    const minutes = Math.round(seconds / 60);
    if (minutes < 48 * 60) return Math.floor(minutes / 60) + "h " + two(minutes % 60) + "m";
    return grouped(Math.floor(minutes / 1440), 0, 0) + "d " + two(Math.floor((minutes % 1440) / 60)) + "h";
  }

  const EXACT = {
    count: (v) => grouped(v, 0, 0),
    tokens: (v) => grouped(v, 0, 2),
    number: (v) => grouped(v, 0, 4),
    usd: (v) => (v < 0 ? "-$" : "$") + grouped(Math.abs(v), 2, 6),
    ms: duration,
    percent: (v) => grouped(v * 100, 1, 2) + NARROW + "%",
  };

  // The exact value, as a tooltip and a table show it.
  function exact(value, unit) {
    return value === null || value === undefined ? NOT_KNOWN : EXACT[unit](value);
  }

  function scaled(value) {
    const [size, suffix] = SCALES.find(([size]) => Math.abs(value) >= size) || [1, ""];
    return grouped(value / size, 0, 2) + (suffix && NARROW + suffix);
  }

  // How many decimals tell multiples of `step` apart.
  const decimals = (step) => (String(+step.toPrecision(3)).split(".")[1] || "").length;

  const TICK = {
    count: (v, step, top) => (top >= 10000 ? scaled(v) : grouped(v, 0, decimals(step))),
    usd: (v, step, top) => "$" + (top >= 10000 ? scaled(v) : grouped(v, decimals(step), decimals(step))),
    percent: (v, step) => grouped(v * 100, 0, decimals(step * 100)) + NARROW + "%",
    ms: tickDuration,
  };
  TICK.tokens = TICK.number = TICK.count;

  const parts = (...pairs) => pairs.filter(([number]) => number).map((pair) => pair.join("")).join(" ");

  // On an axis all labels are of one kind, chosen by its top.
  function tickDuration(ms, step, top) {
    if (top < 1000) return grouped(ms, 0, decimals(step)) + NARROW + "ms";
    if (top <= 120000) return grouped(ms / 1000, 0, decimals(step / 1000)) + NARROW + "s";
    const minutes = ms / 60000, seconds = (ms % 60000) / 1000;
    if (top <= 7200000) return parts([Math.floor(minutes), "m"], [seconds, "s"]);
    if (top <= 172800000) return parts([Math.floor(minutes / 60), "h"], [minutes % 60, "m"]);
    return grouped(minutes / 1440, 0, 2) + "d";
  }

  function tick(value, unit, step, top) {
    if (value === 0 && unit === "ms") return "0";
    return TICK[unit](value, step, top);
  }

  window.fixer = { ...window.fixer, units: { exact: exact, tick: tick } };
})();
