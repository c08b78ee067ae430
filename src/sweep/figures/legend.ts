/** The legend of a panel: what it lists, how large it is, and how it is drawn. */
import type { Panel } from "./figure.js";
import { type Rectangle, TEXT_SIZE } from "./layout.js";
import { GREY, type Style } from "./palette.js";
import { BAND_OPACITY, seriesStyles } from "./series-options.js";
import { cross, CURVE_WIDTH, type Drawing, errorBar, marker, sample, SAMPLE_OFFSET } from "./symbols.js";
import { type GraphicElement, textElement, typeset, type TypesetText } from "./typesetting.js";

interface Entry {
  readonly text: TypesetText;
  /** The sign around (0, 0), within half a sign's width. */
  readonly sign: (x: number, y: number) => Drawing[];
}

const SIGN_WIDTH = 20;
const SIGN_GAP = 5;
const ROW_HEIGHT = TEXT_SIZE + 4;
const COLUMN_GAP = 12;

export interface Legend {
  readonly entries: readonly Entry[];
  /** Size as one column, inside the frame. */
  readonly column: { width: number; height: number };
}

/** Named series in the order of the panel, then the dots of samples and the cross of what did not converge, if there are any. */
export function makeLegend(panel: Panel): Legend {
  const styles = seriesStyles(panel);
  const entries = panel.series.flatMap((series, k): Entry[] => {
    if (series.name === undefined) return [];
    const text = typeset(series.name, TEXT_SIZE);
    const look = styles[k];
    switch (series.kind) {
      case "line":
        return [{ text, sign: (x, y) => [stroke(look, x, y)] }];
      case "band":
        return [{ text, sign: (x, y) => [swatch(look.colour, x, y)] }];
      case "points": {
        const hasBars = series.points.some((point) => (point.errorBar ?? 0) > 0);
        const bar = (x: number, y: number): Drawing[] =>
          hasBars ? errorBar(look.colour, x, { y: y + 5, cut: false }, { y: y - 5, cut: false }) : [];
        return [{ text, sign: (x, y) => [...bar(x, y), marker(look as Style, x, y)] }];
      }
    }
  });
  const points = panel.series.flatMap((series) => (series.kind === "points" ? series.points : []));
  if (points.some(({ samples = [] }) => samples.length > 0)) {
    const dots = (x: number, y: number) => [-SAMPLE_OFFSET, SAMPLE_OFFSET].map((side) => sample(GREY, x + side, y));
    entries.push({ text: typeset("single samples", TEXT_SIZE), sign: dots });
  }
  if (points.some(({ converged }) => converged === false)) {
    entries.push({ text: typeset("not converged", TEXT_SIZE), sign: (x, y) => cross(GREY, x, y) });
  }
  return { entries, column: { width: Math.max(0, ...entries.map(entryWidth)), height: entries.length * ROW_HEIGHT } };
}

/** Height of a legend that is laid out in rows of a given width, including the gap below it. */
export function legendHeight(legend: Legend, width: number): number {
  const rows = inRows(legend, width).length;
  return rows === 0 ? 0 : rows * ROW_HEIGHT + 3;
}

/** The legend as one column in a rectangle of its column size. */
export function columnElements(legend: Legend, place: Rectangle): GraphicElement[] {
  return legend.entries.flatMap((entry, k) => entryElements(entry, place.left, place.top + (k + 0.5) * ROW_HEIGHT));
}

/** The legend in rows above a frame. */
export function rowElements(legend: Legend, frame: Rectangle): GraphicElement[] {
  const rows = inRows(legend, frame.width);
  const top = frame.top - rows.length * ROW_HEIGHT - 3;
  return rows.flatMap((row, k) =>
    row.flatMap(({ entry, left }) => entryElements(entry, frame.left + left, top + (k + 0.5) * ROW_HEIGHT)),
  );
}

/** Aligned columns, as many as fit. */
function inRows(legend: Legend, width: number): { entry: Entry; left: number }[][] {
  const { entries } = legend;
  let columns = entries.length;
  let lefts: number[] = [];
  for (; columns > 0; columns--) {
    const widths = Array.from({ length: columns }, (_, column) =>
      Math.max(...entries.filter((_, k) => k % columns === column).map(entryWidth)),
    );
    let end = -COLUMN_GAP;
    lefts = widths.map((needed) => (end += COLUMN_GAP + needed) - needed);
    if (end <= width || columns === 1) break;
  }
  const rows: { entry: Entry; left: number }[][] = [];
  entries.forEach((entry, k) => {
    if (k % columns === 0) rows.push([]);
    rows[rows.length - 1].push({ entry, left: lefts[k % columns] });
  });
  return rows;
}

function entryWidth(entry: Entry): number {
  return SIGN_WIDTH + SIGN_GAP + entry.text.width;
}

function entryElements(entry: Entry, left: number, y: number): GraphicElement[] {
  return [
    {
      type: "group",
      z: 100,
      children: entry.sign(left + SIGN_WIDTH / 2, y).map((drawing) => ({ ...drawing, z: 100 })),
    },
    textElement(entry.text, { x: left + SIGN_WIDTH + SIGN_GAP, y, halo: true }),
  ];
}

function stroke(look: Pick<Style, "colour" | "dash">, x: number, y: number): Drawing {
  return {
    type: "line",
    shape: { x1: x - SIGN_WIDTH / 2, y1: y, x2: x + SIGN_WIDTH / 2, y2: y },
    style: { stroke: look.colour, lineWidth: CURVE_WIDTH, lineDash: [...look.dash] },
  };
}

function swatch(colour: string, x: number, y: number): Drawing {
  return {
    type: "rect",
    shape: { x: x - SIGN_WIDTH / 2, y: y - TEXT_SIZE / 3, width: SIGN_WIDTH, height: (2 * TEXT_SIZE) / 3 },
    style: { fill: colour, opacity: BAND_OPACITY },
  };
}
