/** Finding room for legends and labels where they cover nothing. */
import type { LegendPosition } from "./figure.js";
import { pixelOf, type PlacedPanel, type Rectangle } from "./layout.js";

/** A spot of ink that text should not cover. */
interface Spot {
  readonly x: number;
  readonly y: number;
  /** How bad it is to cover it: a measured point counts more than a piece of line. */
  readonly weight: number;
}

/** Distance between the spots along a line. */
const SPACING = 3;
/** More room beside other text than beside data. */
const TEXT_CLEARANCE = 4;

/** The ink of one panel, to be asked how much of it a rectangle would cover. */
export class Ink {
  private readonly spots: Spot[] = [];
  private readonly rectangles: Rectangle[] = [];

  constructor(placed: PlacedPanel) {
    const { panel, x, y } = placed;
    const at = (px: number, py: number): { x: number; y: number } =>
      pixelOf(placed, x.coordinate(px), y.coordinate(py));
    for (const series of panel.series) {
      if (series.kind === "points") {
        for (const point of series.points) {
          const centre = at(point.x, point.y);
          this.spots.push({ ...centre, weight: 20 });
          const bar = point.errorBar ?? 0;
          for (const end of [point.y - bar, point.y + bar]) this.stroke(centre, clipped(placed, at(point.x, end)));
          for (const sample of point.samples ?? []) this.spots.push({ ...at(point.x, sample), weight: 5 });
        }
      } else {
        const edges = series.kind === "line" ? [series.y] : [series.lower, series.upper];
        for (const edge of edges) {
          for (let k = 1; k < series.x.length; k++) {
            this.stroke(at(series.x[k - 1], edge[k - 1]), at(series.x[k], edge[k]));
          }
        }
      }
    }
    for (const mark of panel.marks ?? []) {
      if ("x" in mark)
        this.stroke(pixelOf(placed, x.coordinate(mark.x), y.start), pixelOf(placed, x.coordinate(mark.x), y.end));
      else this.stroke(pixelOf(placed, x.start, y.coordinate(mark.y)), pixelOf(placed, x.end, y.coordinate(mark.y)));
    }
  }

  /** Keep others off text that has been placed. */
  add(rectangle: Rectangle): void {
    this.rectangles.push(rectangle);
  }

  /** Weight of what a rectangle with a margin would cover; 0 if nothing. */
  covered(rectangle: Rectangle, margin: number): number {
    const left = rectangle.left - margin;
    const right = rectangle.left + rectangle.width + margin;
    const top = rectangle.top - margin;
    const bottom = rectangle.top + rectangle.height + margin;
    let sum = 0;
    for (const { x, y, weight } of this.spots) if (x > left && x < right && y > top && y < bottom) sum += weight;
    for (const other of this.rectangles) {
      const apart =
        other.left > right + TEXT_CLEARANCE ||
        other.left + other.width < left - TEXT_CLEARANCE ||
        other.top > bottom ||
        other.top + other.height < top;
      if (!apart) sum += 1000;
    }
    return sum;
  }

  private stroke(from: { x: number; y: number }, to: { x: number; y: number }): void {
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    if (!Number.isFinite(length)) return;
    const pieces = Math.min(1000, Math.ceil(length / SPACING) + 1);
    for (let k = 0; k <= pieces; k++) {
      const t = k / pieces;
      this.spots.push({ x: from.x + t * (to.x - from.x), y: from.y + t * (to.y - from.y), weight: 1 });
    }
  }
}

/** On a logarithmic axis an error bar that reaches zero ends at the frame. */
function clipped({ frame }: PlacedPanel, end: { x: number; y: number }): { x: number; y: number } {
  return Number.isNaN(end.y) ? { x: end.x, y: frame.top + frame.height } : end;
}

/** Distance of text from the frame. */
const INSET = 7;
/** Clearance of text from ink. */
const MARGIN = 4;

/**
 * A place for a legend inside a frame.
 *
 * @param wish a corner, or "auto" for the first free place, corners first, then along the top and the bottom
 * @returns undefined if "auto" finds every place covered
 */
export function placeLegend(
  frame: Rectangle,
  size: { width: number; height: number },
  ink: Ink,
  wish: Exclude<LegendPosition, "none" | "above">,
): Rectangle | undefined {
  const right = frame.left + frame.width - INSET - size.width;
  const bottom = frame.top + frame.height - INSET - size.height;
  const left = frame.left + INSET;
  const top = frame.top + INSET;
  if (wish !== "auto") {
    const [vertical, horizontal] = wish.split(" ");
    return { left: horizontal === "left" ? left : right, top: vertical === "top" ? top : bottom, ...size };
  }
  if (right < left || bottom < top) return undefined;
  const steps = Array.from({ length: 11 }, (_, k) => k / 10);
  const candidates = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
    ...steps.map((t) => [left + t * (right - left), top]),
    ...steps.map((t) => [left + t * (right - left), bottom]),
    ...steps.map((t) => [left, top + t * (bottom - top)]),
    ...steps.map((t) => [right, top + t * (bottom - top)]),
  ].map(([x, y]) => ({ left: x, top: y, ...size }));
  return candidates.find((candidate) => ink.covered(candidate, MARGIN) === 0);
}

/**
 * A place for the label of a reference line: beside a vertical line, above or below a horizontal one, inside the frame
 * and over as little ink as possible.
 *
 * @param position pixel of the line, x of a vertical one or y of a horizontal one
 */
export function placeMarkLabel(
  frame: Rectangle,
  size: { width: number; height: number },
  ink: Ink,
  direction: "vertical" | "horizontal",
  position: number,
): Rectangle {
  const steps = Array.from({ length: 41 }, (_, k) => k / 40);
  const candidates: Rectangle[] = [];
  for (const t of steps) {
    if (direction === "vertical") {
      const top = frame.top + INSET + t * (frame.height - 2 * INSET - size.height);
      candidates.push(
        { left: position + MARGIN, top, ...size },
        { left: position - MARGIN - size.width, top, ...size },
      );
    } else {
      const left = frame.left + frame.width - INSET - size.width - t * (frame.width - 2 * INSET - size.width);
      candidates.push({ left, top: position - 2 - size.height, ...size }, { left, top: position + 2, ...size });
    }
  }
  const usable = candidates.map(({ left, top }) => ({
    left: clamp(left, frame.left + 2, frame.left + frame.width - 2 - size.width),
    top: clamp(top, frame.top + 2, frame.top + frame.height - 2 - size.height),
    ...size,
  }));
  const costs = usable.map((candidate) => ink.covered(candidate, 2));
  return usable[costs.indexOf(Math.min(...costs))];
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
