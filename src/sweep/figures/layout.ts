/** Where the frames of a figure lie, and what covers what inside them. Pixels are CSS pixels, 96 to the inch. */
import type { Axis, Figure, Panel, Point } from "./figure.js";
import { makeScale, type Scale } from "./scales.js";
import { typeset, type TypesetText } from "./typesetting.js";

export const PIXELS_PER_MILLIMETRE = 96 / 25.4;

/** Font sizes: 8 pt for axis labels, 7.5 pt for everything else. */
export const LABEL_SIZE = (8 * 96) / 72;
export const TEXT_SIZE = (7.5 * 96) / 72;

export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** One panel with its frame and axes decided. */
export interface PlacedPanel {
  readonly panel: Panel;
  readonly frame: Rectangle;
  readonly x: Scale;
  readonly y: Scale;
  /** Whether tick labels and axis label of the x axis are drawn. */
  readonly showsX: boolean;
  readonly yTickLabels: readonly TypesetText[];
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly panels: readonly PlacedPanel[];
  /** Middle of the title's line, if there is a title. */
  readonly titleY: number;
}

/** Distances around a frame. */
const GAP = 4;
const TICK_LABEL_HEIGHT = TEXT_SIZE + 3;
const AXIS_LABEL_HEIGHT = LABEL_SIZE + 5;
const EDGE = 4;

/** Distance of the middle of the x tick labels and of the x label below the frame. */
export const X_TICK_LABEL_DROP = GAP + TICK_LABEL_HEIGHT / 2;
export const X_LABEL_DROP = GAP + TICK_LABEL_HEIGHT + AXIS_LABEL_HEIGHT / 2;
/** Distance of the right end of the y tick labels from the frame. */
export const Y_TICK_LABEL_GAP = GAP;
/** Distance of the middle of the y label from the left edge of the figure. */
export const Y_LABEL_X = EDGE + LABEL_SIZE / 2;

/**
 * Decide axes and frames.
 *
 * @param figure the figure
 * @param headers space to keep free above each frame, in pixels, for a legend
 */
export function layOut(figure: Figure, headers: readonly number[]): Layout {
  const width = (figure.widthMillimetres ?? 86) * PIXELS_PER_MILLIMETRE;
  const single = figure.panels.length === 1;
  const sharedValues = figure.sharedX ? figure.panels.flatMap((panel) => [...abscissas(panel)]) : undefined;
  const scales = figure.panels.map((panel) => ({
    x: makeScale(xAxisOf(figure, panel), sharedValues ?? abscissas(panel)),
    y: makeScale(panel.y, ordinates(panel, xAxisOf(figure, panel).range)),
  }));
  const yTickLabels = scales.map(({ y }) => y.major.map((tick) => typeset(tick.label, TEXT_SIZE)));
  const widest = Math.max(0, ...yTickLabels.flat().map((label) => label.width));
  const left = EDGE + AXIS_LABEL_HEIGHT + widest + Y_TICK_LABEL_GAP;
  const right = width - Math.max(2 * EDGE, ...scales.map(({ x }) => overhang(x, width - left)));

  let top = EDGE + 2;
  const titleY = EDGE + LABEL_SIZE / 2;
  if (figure.title !== undefined) top += LABEL_SIZE + 6;
  const panels = figure.panels.map((panel, k): PlacedPanel => {
    const height = (panel.heightMillimetres ?? (single ? 52 : 40)) * PIXELS_PER_MILLIMETRE;
    const showsX = !figure.sharedX || k === figure.panels.length - 1;
    top += headers[k];
    const frame = { left, top, width: right - left, height };
    top += height + (showsX ? GAP + TICK_LABEL_HEIGHT + AXIS_LABEL_HEIGHT + EDGE : 2 * EDGE);
    if (showsX && k < figure.panels.length - 1) top += EDGE;
    return { panel, frame, ...scales[k], showsX, yTickLabels: yTickLabels[k] };
  });
  return { width, height: top, panels, titleY };
}

/** The x axis of a panel: its own, or the first panel's if they share it. */
export function xAxisOf(figure: Figure, panel: Panel): Axis {
  return figure.sharedX ? figure.panels[0].x : panel.x;
}

/** Pixel position of a pair of axis coordinates. */
export function pixelOf(placed: PlacedPanel, x: number, y: number): { x: number; y: number } {
  const { frame } = placed;
  return {
    x: frame.left + (frame.width * (x - placed.x.start)) / (placed.x.end - placed.x.start),
    y: frame.top + frame.height * (1 - (y - placed.y.start) / (placed.y.end - placed.y.start)),
  };
}

/** How far the last label of an x axis reaches over the right end of its frame. */
function overhang(scale: Scale, frameWidth: number): number {
  const last = scale.major.at(-1);
  if (!last) return 0;
  const room = (frameWidth * (scale.end - last.at)) / (scale.end - scale.start);
  return typeset(last.label, TEXT_SIZE).width / 2 - room + 2;
}

function* abscissas(panel: Panel): Generator<number> {
  yield* panel.map?.x ?? [];
  for (const series of panel.series) {
    if (series.kind === "points") for (const point of series.points) yield point.x;
    else for (let k = 0; k < series.x.length; k++) yield series.x[k];
  }
  for (const mark of panel.marks ?? []) if ("x" in mark) yield mark.x;
}

/** Everything along y whose x is in range. */
function* ordinates(panel: Panel, range: Axis["range"]): Generator<number> {
  const [low, high] = range ?? [-Infinity, Infinity];
  yield* panel.map?.y ?? [];
  for (const series of panel.series) {
    if (series.kind === "points") {
      for (const point of series.points)
        if (point.x >= low && point.x <= high) yield* extent(point, panel.y.scale === "log");
    } else {
      for (let k = 0; k < series.x.length; k++) {
        if (series.x[k] < low || series.x[k] > high) continue;
        if (series.kind === "line") yield series.y[k];
        else yield* [series.lower[k], series.upper[k]];
      }
    }
  }
  for (const mark of panel.marks ?? []) if ("y" in mark) yield mark.y;
}

/** On a logarithmic axis an error bar that almost reaches zero must not stretch the axis over decades. */
function extent({ y, errorBar, samples }: Point, log: boolean): number[] {
  const bar = errorBar !== undefined && Number.isFinite(errorBar) ? errorBar : 0;
  return [y, log ? Math.max(y - bar, y / 10) : y - bar, y + bar, ...(samples ?? [])];
}
