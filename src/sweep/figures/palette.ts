/** Colours, markers and dashes that stay distinct for colour-blind readers and in grey. */

export const BLACK = "#000000";
export const GREY = "#555555";
export const WHITE = "#ffffff";

/** Colours that remain distinguishable with every common colour-vision deficiency. Source: Okabe & Ito (2002). */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

export type MarkerShape = "circle" | "square" | "triangle" | "diamond" | "inverted triangle" | "pentagon";

const SHAPES: readonly MarkerShape[] = ["circle", "square", "triangle", "diamond", "inverted triangle", "pentagon"];

/** Lengths of dash and gap; empty for a solid line. */
const DASHES: readonly (readonly number[])[] = [[], [5, 2.5], [1.5, 2], [7, 2, 1.5, 2]];

/** How the series with one style number looks. */
export interface Style {
  readonly colour: string;
  readonly marker: MarkerShape;
  readonly dash: readonly number[];
  /** Filled markers alternate with open ones, so that neighbours differ without colour. */
  readonly filled: boolean;
}

/** Colour, shape and dash of a style number. Colours repeat after 6; shapes and dashes then tell the styles apart. */
export function styleOf(index: number): Style {
  const colour = COLOURS[index % COLOURS.length];
  const turn = Math.floor(index / COLOURS.length);
  return {
    colour,
    marker: SHAPES[(index + turn) % SHAPES.length],
    dash: DASHES[turn % DASHES.length],
    filled: index % 2 === 0,
  };
}

/** The look of the k-th line that belongs to no points. */
export function plainLine(index: number): Pick<Style, "colour" | "dash"> {
  return { colour: index === 0 ? BLACK : GREY, dash: DASHES[index % DASHES.length] };
}

/** Corners of a marker of radius r around (x, y), chosen so that all shapes look equally large; none for a circle. */
export function markerCorners(shape: MarkerShape, x: number, y: number, r: number): [number, number][] {
  switch (shape) {
    case "circle":
      return [];
    case "square":
      return polygon(x, y, 1.22 * r, 4, Math.PI / 4);
    case "diamond":
      return polygon(x, y, 1.32 * r, 4, 0);
    case "triangle":
      return polygon(x, y + 0.15 * r, 1.35 * r, 3, -Math.PI / 2);
    case "inverted triangle":
      return polygon(x, y - 0.15 * r, 1.35 * r, 3, Math.PI / 2);
    case "pentagon":
      return polygon(x, y, 1.15 * r, 5, -Math.PI / 2);
  }
}

function polygon(x: number, y: number, r: number, corners: number, start: number): [number, number][] {
  return Array.from({ length: corners }, (_, k) => {
    const angle = start + (2 * Math.PI * k) / corners;
    return [x + r * Math.cos(angle), y + r * Math.sin(angle)];
  });
}
