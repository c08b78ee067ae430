/** Maps: a number for every pair of axis values, as a cell of colour, with its colour bar above the frame. */
import type { ColourMap } from "./figure.js";
import { type PlacedPanel, pixelOf, type Rectangle, TEXT_SIZE } from "./layout.js";
import { BLACK, WHITE } from "./palette.js";
import { makeScale } from "./scales.js";
import type { Drawing } from "./symbols.js";
import { type GraphicElement, textElement, typeset } from "./typesetting.js";

/** Nine anchors of viridis, even in lightness and safe for the colour-blind. Source: van der Walt & Smith (2015). */
const ANCHORS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];

const BAR_HEIGHT = 7;
const BAR_PIECES = 96;
const TICK = 3;
/** Bar, its ticks, and the line of numbers and label above it. */
export const COLOUR_BAR_HEADER = BAR_HEIGHT + TEXT_SIZE + 14;

/** Above the axes' ticks nothing of a map is drawn. */
const MAP_LAYER = 1;

/** @param share from 0 to 1 along the bar */
export function colourAt(share: number): string {
  const place = Math.min(1, Math.max(0, share)) * (ANCHORS.length - 1);
  const low = Math.min(ANCHORS.length - 2, Math.floor(place));
  const channels = [1, 3, 5].map((at) => {
    const [one, other] = [ANCHORS[low], ANCHORS[low + 1]].map((colour) => parseInt(colour.slice(at, at + 2), 16));
    return Math.round(one + (place - low) * (other - one));
  });
  return `#${channels.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

/** Ends of the colour bar: as given, or all finite numbers. */
export function mapRange({ z, range }: ColourMap): readonly [number, number] {
  if (range) return range;
  const values = z.flat().filter(Number.isFinite);
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low < high ? [low, high] : [low - 0.5, high + 0.5];
}

/**
 * Borders of cells, half way between their centres.
 * @param centres in rising order
 */
export function cellEdges(centres: readonly number[], log: boolean): number[] {
  const at = centres.map((value) => (log ? Math.log(value) : value));
  const inner = at.slice(1).map((value, k) => (value + at[k]) / 2);
  const last = at.length - 1;
  const half = at.length > 1 ? [inner[0] - at[0], at[last] - inner[last - 1]] : [0.5, 0.5];
  const edges = [at[0] - half[0], ...inner, at[last] + half[1]];
  return log ? edges.map(Math.exp) : edges;
}

/** The cells of a panel; what did not converge has a cross, and what is not a number stays white. */
export function mapElements(placed: PlacedPanel): GraphicElement[] {
  const { map, x: xAxis, y: yAxis } = placed.panel;
  if (!map) return [];
  const [low, high] = mapRange(map);
  const columns = edgesInPixels(
    map.x,
    xAxis.scale === "log",
    (edge) => pixelOf(placed, placed.x.coordinate(edge), 0).x,
  );
  const rows = edgesInPixels(map.y, yAxis.scale === "log", (edge) => pixelOf(placed, 0, placed.y.coordinate(edge)).y);
  const children = map.z.flatMap((line, row) =>
    line.flatMap((value, column): Drawing[] => {
      if (!Number.isFinite(value)) return [];
      const [left, right, bottom, top] = [columns[column], columns[column + 1], rows[row], rows[row + 1]];
      // A hair of overlap, or the paper shines through between cells.
      const shape = { x: left - 0.2, y: top - 0.2, width: right - left + 0.4, height: bottom - top + 0.4 };
      const fill = colourAt((value - low) / (high - low));
      const cell: Drawing = { type: "rect", z: MAP_LAYER, shape, style: { fill } };
      return map.converged?.[row][column] === false ? [cell, ...crossed(left, right, bottom, top)] : [cell];
    }),
  );
  return [{ type: "group", z: MAP_LAYER, children }];
}

const edgesInPixels = (centres: readonly number[], log: boolean, place: (edge: number) => number) =>
  cellEdges(centres, log).map(place);

function crossed(left: number, right: number, bottom: number, top: number): Drawing[] {
  const [x, y] = [(left + right) / 2, (bottom + top) / 2];
  const arm = 0.3 * Math.min(right - left, bottom - top);
  const style = { fill: "none", stroke: WHITE, lineWidth: 0.9 };
  return [-1, 1].map((sign) => ({
    type: "line" as const,
    z: MAP_LAYER,
    shape: { x1: x - arm, y1: y - sign * arm, x2: x + arm, y2: y + sign * arm },
    style,
  }));
}

/** The colour bar with its ticks and its label, in the space above a frame. */
export function colourBarElements({ panel, frame }: PlacedPanel): GraphicElement[] {
  const { map } = panel;
  if (!map) return [];
  const [low, high] = mapRange(map);
  const bar: Rectangle = {
    left: frame.left + frame.width * 0.36,
    top: frame.top - BAR_HEIGHT - 5,
    width: frame.width * 0.64,
    height: BAR_HEIGHT,
  };
  const piece = bar.width / BAR_PIECES;
  const children: Drawing[] = Array.from({ length: BAR_PIECES }, (_, k) => ({
    type: "rect" as const,
    z: 100,
    shape: { x: bar.left + k * piece, y: bar.top, width: piece + 0.3, height: bar.height },
    style: { fill: colourAt((k + 0.5) / BAR_PIECES) },
  }));
  const paint = { fill: "none", stroke: BLACK, lineWidth: 0.8 };
  children.push({
    type: "rect",
    z: 100,
    shape: { x: bar.left, y: bar.top, width: bar.width, height: bar.height },
    style: paint,
  });
  const ticks = makeScale({ label: map.label, range: [low, high] }, []).major;
  const place = (at: number) => bar.left + (bar.width * (at - low)) / (high - low);
  // Every other label, where there are many.
  const shown = ticks.filter((_, k) => ticks.length <= 5 || k % 2 === 0);
  const labels = shown.map(({ at, label }) => {
    const x = place(at);
    children.push({ type: "line", z: 100, shape: { x1: x, y1: bar.top, x2: x, y2: bar.top - TICK }, style: paint });
    const y = bar.top - TICK - TEXT_SIZE / 2 - 1;
    return textElement(typeset(label, TEXT_SIZE), { x, y, align: "middle" });
  });
  const name = typeset(map.label, TEXT_SIZE);
  const label = textElement(name, { x: bar.left - 8, y: bar.top + bar.height / 2, align: "end" });
  return [{ type: "group", z: 100, children }, ...labels, label];
}
