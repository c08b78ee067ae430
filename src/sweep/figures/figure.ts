/**
 * Figures as plain data, in the conventions of a physics journal.
 *
 * Text (`label`, `name`, `title`) may hold `*italic*`, `_{subscript}`, `^{superscript}` and `\` before a character that is
 * meant literally: `"*β*_{c} = 1.11"`, `"⟨|*m*|⟩ / *R*"`, `"distance (10^{3} km)"`.
 *
 * Values that are NaN or infinite, or not positive on a logarithmic axis, are left out; a line is broken there.
 */

/** One or more panels, stacked from top to bottom, one journal column wide. */
export interface Figure {
  readonly panels: readonly Panel[];
  /** Above the first panel. Journals put this into the caption instead. */
  readonly title?: string;
  /** All panels have the first one's x axis; only the last shows its labels. */
  readonly sharedX?: boolean;
  /** Width on paper; 86 mm, one column of a two-column journal, if absent. */
  readonly widthMillimetres?: number;
}

export interface Panel {
  readonly x: Axis;
  readonly y: Axis;
  /** Cells of colour below everything else; text inside the frame is then left out, and the legend goes above. */
  readonly map?: ColourMap;
  /** Drawn in this order; the legend lists them in the same order. */
  readonly series: readonly Series[];
  /** Reference lines. */
  readonly marks?: readonly Mark[];
  /** Where the legend goes; "auto" if absent. */
  readonly legend?: LegendPosition;
  /** Short name in a corner of the panel, top left if that is free, such as "(a)". */
  readonly label?: string;
  /** Height of the frame; 52 mm for a single panel and 40 mm in a stack, if absent. */
  readonly heightMillimetres?: number;
}

export interface Axis {
  /** Symbol of the quantity, with its unit if it has one. */
  readonly label: string;
  readonly scale?: "linear" | "log";
  /** Ends of the axis; all the data with a margin, if absent. */
  readonly range?: readonly [number, number];
}

/** A number for every pair of values of the two axes. */
export interface ColourMap {
  /** Centres of the cells, in rising order. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** z[row][column] at (x[column], y[row]); NaN leaves a cell white. */
  readonly z: readonly (readonly number[])[];
  /** False draws a cross into a cell. */
  readonly converged?: readonly (readonly boolean[])[];
  /** What the colours mean. */
  readonly label: string;
  /** Ends of the colour bar; all the data if absent. */
  readonly range?: readonly [number, number];
}

export type Series = PointSeries | LineSeries | BandSeries;

interface SeriesBase {
  /** What the legend says; the series is not listed without it. */
  readonly name?: string;
  /**
   * Colour, marker shape and dash pattern, by number. Points that do not say take 0, 1, 2, ... in order; a line or band
   * that says the same number belongs to those points visibly. Lines and bands that do not say are black and grey.
   */
  readonly style?: number;
}

/** Measured values, each with its uncertainty. */
export interface PointSeries extends SeriesBase {
  readonly kind: "points";
  readonly points: readonly Point[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Half length of the error bar, in units of y; none if absent or NaN. */
  readonly errorBar?: number;
  /** False draws the point as a cross, which the legend explains. */
  readonly converged?: boolean;
  /** The individual samples behind y, drawn small and faint at both sides of the point; the legend explains them. */
  readonly samples?: readonly number[];
}

/** A curve, such as a theory. */
export interface LineSeries extends SeriesBase {
  readonly kind: "line";
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/** The region between two curves. */
export interface BandSeries extends SeriesBase {
  readonly kind: "band";
  readonly x: ArrayLike<number>;
  readonly lower: ArrayLike<number>;
  readonly upper: ArrayLike<number>;
}

/** A thin dashed line across the panel at one value of x or of y, in grey or in the colour of a style number. */
export type Mark = ({ readonly x: number } | { readonly y: number }) & {
  readonly label?: string;
  readonly style?: number;
};

/**
 * A corner inside the frame, "above" the frame, or "none". "auto" looks for a place inside the frame that covers no data
 * and goes above when there is none.
 */
export type LegendPosition = "auto" | "none" | "above" | "top left" | "top right" | "bottom left" | "bottom right";
