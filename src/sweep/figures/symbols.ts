/** The signs that data and legend share: markers, error bars, crosses. */
import { markerCorners, type Style, WHITE } from "./palette.js";

interface Paint {
  readonly fill?: string;
  readonly stroke?: string;
  readonly lineWidth?: number;
  readonly lineDash?: number[];
  readonly lineJoin?: "round";
  readonly opacity?: number;
}

/** An element that ECharts' graphic component and its custom series both accept. Pixels. */
export type Drawing =
  | { type: "line"; z?: number; shape: { x1: number; y1: number; x2: number; y2: number }; style: Paint }
  | { type: "circle"; z?: number; shape: { cx: number; cy: number; r: number }; style: Paint }
  | { type: "rect"; z?: number; shape: { x: number; y: number; width: number; height: number }; style: Paint }
  | { type: "polyline"; z?: number; shape: { points: [number, number][] }; style: Paint }
  | { type: "polygon"; z?: number; shape: { points: [number, number][] }; style: Paint };

/** Width of curves, and of the outlines of markers and error bars. */
export const CURVE_WIDTH = 1.2;
const OUTLINE_WIDTH = 1;
const MARKER_RADIUS = 2.5;
const CAP_HALF_WIDTH = 2.2;
const SAMPLE_RADIUS = 1.1;
/** Distance of samples from their point, to either side, so that marker and error bar do not hide them. */
export const SAMPLE_OFFSET = 4.4;

/** The marker of a converged point: filled, or open with a white inside. */
export function marker(style: Style, x: number, y: number): Drawing {
  const paint = { fill: style.filled ? style.colour : WHITE, stroke: style.colour, lineWidth: OUTLINE_WIDTH };
  if (style.marker === "circle") return { type: "circle", shape: { cx: x, cy: y, r: MARKER_RADIUS }, style: paint };
  return { type: "polygon", shape: { points: markerCorners(style.marker, x, y, MARKER_RADIUS) }, style: paint };
}

/** The cross of a point that did not converge. */
export function cross(colour: string, x: number, y: number): Drawing[] {
  const r = MARKER_RADIUS;
  const style = { stroke: colour, lineWidth: 1.3 };
  return [
    { type: "line", shape: { x1: x - r, y1: y - r, x2: x + r, y2: y + r }, style },
    { type: "line", shape: { x1: x - r, y1: y + r, x2: x + r, y2: y - r }, style },
  ];
}

/**
 * A vertical error bar.
 *
 * @param low pixel of the lower end, with a cap unless it is cut off
 * @param high pixel of the upper end, likewise
 */
export function errorBar(
  colour: string,
  x: number,
  low: { y: number; cut: boolean },
  high: { y: number; cut: boolean },
): Drawing[] {
  const style = { stroke: colour, lineWidth: OUTLINE_WIDTH };
  const caps = [low, high].filter((end) => !end.cut);
  return [
    { type: "line", shape: { x1: x, y1: low.y, x2: x, y2: high.y }, style },
    ...caps.map(({ y }): Drawing => {
      return { type: "line", shape: { x1: x - CAP_HALF_WIDTH, y1: y, x2: x + CAP_HALF_WIDTH, y2: y }, style };
    }),
  ];
}

/** One of the samples behind a point. */
export function sample(colour: string, x: number, y: number): Drawing {
  const style = { fill: "none", stroke: colour, lineWidth: 0.6, opacity: 0.6 };
  return { type: "circle", shape: { cx: x, cy: y, r: SAMPLE_RADIUS }, style };
}
