/* Axes: which values get a label and what it says; times in the zone of the filters, whatever the browser's. */
(function () {
  "use strict";
  const HOUR = 3600000, DAY = 24 * HOUR;
  const STEP = { hour: HOUR, day: DAY, week: 7 * DAY };
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

  /* ---- wall clocks --------------------------------------------------------------------------------- */

  const formats = new Map();
  let clocks = new Map(); // all charts share their buckets: each is read once

  function format(tz) {
    if (!formats.has(tz)) {
      formats.set(tz, new Intl.DateTimeFormat("en-US", {
        timeZone: tz, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
        hour: "numeric", minute: "numeric", timeZoneName: "shortOffset",
      }));
    }
    return formats.get(tz);
  }

  // The wall clock of an instant ("2026-11-21T23:00", UTC) in a zone.
  function clock(instant, tz) {
    const key = tz + instant;
    if (!clocks.has(key)) {
      if (clocks.size > 30000) clocks = new Map();
      const part = {};
      const date = new Date(instant.endsWith("Z") ? instant : instant + "Z");
      for (const { type, value } of format(tz).formatToParts(date)) part[type] = value;
      const number = Date.UTC(+part.year, part.month - 1, +part.day) / DAY;
      clocks.set(key, {
        year: +part.year, month: part.month - 1, day: +part.day, number: number, offset: part.timeZoneName,
        hour: +part.hour, minute: +part.minute, weekday: new Date(number * DAY).getUTCDay(),
      });
    }
    return clocks.get(key);
  }

  const two = (n) => String(n).padStart(2, "0");
  const time = (c) => two(c.hour) + ":" + two(c.minute);
  const date = (c) => c.day + " " + MONTHS[c.month];
  const longDate = (c) => WEEKDAYS[c.weekday] + " " + date(c) + " " + c.year;

  const begins = (meta, i) => (i === 0 ? meta.from : meta.x[i]);
  const ends = (meta, i) => (i + 1 < meta.x.length ? meta.x[i + 1] : meta.end);

  // The bounds of a bucket in words: "Sat 21 Nov 2026", "Mon 16 - Sun 22 Nov 2026", "Sat 21 Nov 2026, 14:00 - 15:00".
  function bucket(meta, i) {
    const from = clock(begins(meta, i), meta.tz), to = clock(ends(meta, i), meta.tz);
    if (meta.grain === "hour") {
      const shift = from.offset !== to.offset || repeats(meta, i) ? " (" + from.offset + ")" : "";
      return longDate(from) + ", " + time(from) + " – " + time(to) + shift;
    }
    const last = clock(new Date(Date.parse(zulu(ends(meta, i))) - 60000).toISOString(), meta.tz);
    if (from.number === last.number) return longDate(from);
    const head = WEEKDAYS[from.weekday] + " " + (from.month === last.month ? from.day : date(from));
    return head + " – " + longDate(last);
  }

  const zulu = (instant) => (instant.endsWith("Z") ? instant : instant + "Z");

  // Whether the hour before or after has the same time on the clock: it then needs its offset.
  function repeats(meta, i) {
    const here = clock(meta.x[i], meta.tz);
    return [i - 1, i + 1].some((j) => {
      const there = meta.x[j] && clock(meta.x[j], meta.tz);
      return there && there.hour === here.hour && there.number === here.number;
    });
  }

  /* ---- the time axis -------------------------------------------------------------------------------- */

  const hours = (k) => (c) => c.minute === 0 && c.hour % k === 0;
  const firstOf = (same) => (c, before) => !before || !same(c, before);
  const newDay = firstOf((a, b) => a.number === b.number);
  const newMonth = firstOf((a, b) => a.month === b.month);
  const days = (k) => (c, before) => newDay(c, before) && c.number % k === 0;
  const mondays = (k) => (c, before) => newDay(c, before) && c.weekday === 1 && Math.floor((c.number + 3) / 7) % k === 0;
  const months = (k) => (c, before) => before && newMonth(c, before) && c.month % k === 0;
  const HOURS = [1, 2, 3, 4, 6, 12].map(hours);
  const DAYS = [days(1), days(2), mondays(1), mondays(2)];
  const LONG = [months(1), months(2), months(3), months(6), months(12)];
  const LADDER = {
    hour: [...HOURS, ...DAYS, ...LONG],
    day: [...DAYS, ...LONG],
    week: [mondays(1), mondays(2), mondays(4), ...LONG],
  };

  function timeLabel(c, before, isMonth) {
    if (isMonth) return MONTHS[c.month] + (!before || before.year !== c.year ? " " + c.year : "");
    return c.hour || c.minute ? time(c) : date(c);
  }

  // Labels for a picture `width` pixels wide, and the range that gives each bucket its room.
  function timeAxis(meta, width) {
    const at = meta.x.map((x) => clock(x, meta.tz)), most = Math.min(9, Math.max(3, Math.floor(width / 62)));
    const chosen = LADDER[meta.grain]
      .map((rule) => ({ rule: rule, ticks: meta.x.map((_, i) => i).filter((i) => rule(at[i], at[i - 1])) }))
      .find(({ ticks }) => ticks.length <= most && (ticks.length > 1 || meta.x.length < 3)) || { ticks: [0] };
    const isMonth = LONG.includes(chosen.rule);
    const ticks = chosen.ticks.length ? chosen.ticks : [0];
    return {
      tickmode: "array",
      tickvals: ticks.map((i) => meta.x[i]),
      ticktext: ticks.map((i, n) => timeLabel(at[i], n ? at[ticks[n - 1]] : null, isMonth)),
      range: timeRange(meta),
    };
  }

  // A single bucket must not fill the picture with one bar.
  function timeRange(meta) {
    const step = STEP[meta.grain], first = Date.parse(meta.x[0] + "Z"), last = Date.parse(meta.x[meta.x.length - 1] + "Z");
    const spare = Math.max(0, (6 * step - (last - first)) / 2);
    return [first - step / 2 - spare, last + step / 2 + spare].map((ms) => new Date(ms).toISOString().slice(0, 23));
  }

  /* ---- value axes ----------------------------------------------------------------------------------- */

  const DURATIONS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000]
    .concat([1, 2, 5, 10, 15, 30].map((m) => m * 60000), [1, 2, 3, 6, 12, 24, 48, 120, 240, 480, 1200].map((h) => h * HOUR));
  const WANTED = 4; // steps between the lowest and the highest label

  // The smallest round step that is at least `least`.
  function roundStep(least, unit) {
    if (unit === "ms") return DURATIONS.find((step) => step >= least) || Math.ceil(least / (100 * DAY)) * 100 * DAY;
    const power = 10 ** Math.floor(Math.log10(least));
    const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= least * (1 - 1e-9));
    if (unit !== "count" && unit !== "tokens") return step;
    return Number.isInteger(step) ? step : Math.max(1, 5 * power); // there is no half run
  }

  function labels(low, step, number, unit) {
    const values = Array.from({ length: number + 1 }, (_, i) => +(low + i * step).toPrecision(12));
    const top = values[number];
    return {
      tickmode: "array",
      tickvals: values,
      ticktext: values.map((value) => window.fixer.units.tick(value, unit, step, top)),
      range: [low, top + (top - low) * 0.02],
    };
  }

  const SHARES = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25];

  // From a share near `low` to all: the labels count down from 100 %.
  function shareAxis(low) {
    const step = SHARES.find((step) => (1 - low) / step <= WANTED + 1.01) || 0.25;
    const number = Math.max(1, Math.floor((1 - low) / step + 1e-9));
    return { ...labels(1 - number * step, step, number, "percent"), range: [Math.min(low, 1 - number * step), 1.004] };
  }

  // `spec`: {unit, min}; `most`: the highest value drawn; `number`: how many steps, where another axis says.
  function valueAxis(spec, most, number) {
    if (spec.min !== undefined) return shareAxis(spec.min);
    const reach = most > 0 ? most : spec.unit === "ms" ? 1000 : 1;
    if (number) return labels(0, roundStep(reach / number, spec.unit), number, spec.unit);
    const step = roundStep(reach / (WANTED + 0.5), spec.unit);
    return labels(0, step, Math.max(1, Math.ceil(reach / step - 1e-9)), spec.unit);
  }

  // "FROM..TO" of the buckets between two places on the time axis; null for less than a bucket.
  function bounds(meta, low, high) {
    const half = STEP[meta.grain] / 2, at = (x) => Date.parse(zulu(x));
    const from = at(low.replace(" ", "T")), to = at(high.replace(" ", "T"));
    const inside = meta.x.map((_, i) => i).filter((i) => at(meta.x[i]) + half > from && at(meta.x[i]) - half < to);
    if (!inside.length) return null;
    return span(meta, inside[0], inside[inside.length - 1]);
  }

  // "FROM..TO" of the buckets from number `first` to number `last`.
  function span(meta, first, last = first) {
    const edge = (instant) => new Date(Date.parse(zulu(instant))).toISOString().slice(0, 16) + "Z";
    return edge(begins(meta, first)) + ".." + edge(ends(meta, last));
  }

  window.fixer = {
    ...window.fixer,
    axis: { time: timeAxis, value: valueAxis, bucket: bucket, bounds: bounds, span: span, STEP: STEP },
  };
})();
