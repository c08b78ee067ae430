/** Text with italic symbols, subscripts and superscripts, set in pieces at known places. */
import { FONT_FAMILY, type FontStyle, textWidth } from "./font-metrics.js";
import { BLACK, WHITE } from "./palette.js";
import type { Drawing } from "./symbols.js";

interface TextDrawing {
  readonly type: "text";
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly style: {
    readonly text: string;
    readonly fontFamily: string;
    readonly fontSize: number;
    readonly fontStyle: "italic" | "normal";
    readonly fill: string;
    readonly align: "left";
    readonly verticalAlign: "middle";
    readonly stroke?: string;
    readonly lineWidth?: number;
  };
}

/** An element of ECharts' graphic component: signs and texts at one place. */
export interface GraphicElement {
  readonly type: "group";
  readonly x?: number;
  readonly y?: number;
  readonly rotation?: number;
  readonly z: number;
  readonly children: (Drawing | TextDrawing)[];
}

/** Piece of a text in one font. */
interface Run {
  readonly text: string;
  readonly style: FontStyle;
  readonly size: number;
  /** Left end, from the start of the text. */
  readonly offset: number;
  /** Middle of the run below the middle of the line. */
  readonly drop: number;
}

/** A text ready to be placed. */
export interface TypesetText {
  readonly runs: readonly Run[];
  /** Width in pixels. */
  readonly width: number;
  /** Font size in pixels. */
  readonly size: number;
}

/** Where a text goes: `x` is its start, middle or end, `y` the middle of the line. */
export interface TextPlace {
  readonly x: number;
  readonly y: number;
  readonly align?: "start" | "middle" | "end";
  /** Read from bottom to top. */
  readonly upright?: boolean;
  /** Outline in white, to stay legible on top of data. */
  readonly halo?: boolean;
}

const SCRIPT_SIZE = 0.72;
/** Height of the middle of a line over its baseline, in font sizes: half of ascent minus descent of the font. */
const MIDDLE = 0.346;

/**
 * Split marked-up text into runs and measure it.
 *
 * @param markup `*italic*`, `_{subscript}`, `^{superscript}`, `\` for literal characters; an unpaired mark is literal
 * @param size font size in pixels
 */
export function typeset(markup: string, size: number): TypesetText {
  const runs: Run[] = [];
  let offset = 0;
  const visit = (text: string, style: FontStyle, fontSize: number, drop: number): void => {
    const parts = text.matchAll(/\\(.)|\*([^*]+)\*|([_^])\{([^}]*)\}|[^\\*_^]+|./gsu);
    for (const [whole, escaped, italic, script, scripted] of parts) {
      if (italic !== undefined) visit(italic, "italic", fontSize, drop);
      else if (script !== undefined) {
        const small = SCRIPT_SIZE * fontSize;
        const baseline = (script === "_" ? 0.2 : -0.36) * fontSize;
        visit(scripted, style, small, drop + baseline + MIDDLE * (fontSize - small));
      } else {
        const literal = escaped ?? whole;
        runs.push({ text: literal, style, size: fontSize, offset, drop });
        offset += textWidth(literal, style, fontSize);
      }
    }
  };
  visit(markup, "upright", size, 0);
  return { runs, width: offset, size };
}

/** The text as a graphic element. */
export function textElement(text: TypesetText, place: TextPlace): GraphicElement {
  const start = { start: 0, middle: -0.5, end: -1 }[place.align ?? "start"] * text.width;
  return {
    type: "group",
    x: place.x,
    y: place.y,
    rotation: place.upright ? Math.PI / 2 : 0,
    z: 100,
    children: text.runs.map((run) => ({
      type: "text",
      x: start + run.offset,
      y: run.drop,
      z: 100,
      style: {
        text: run.text,
        // Not the shorthand `font`: resvg does not read it.
        fontFamily: FONT_FAMILY,
        fontSize: Math.round(100 * run.size) / 100,
        fontStyle: run.style === "italic" ? "italic" : "normal",
        fill: BLACK,
        align: "left",
        verticalAlign: "middle",
        ...(place.halo ? { stroke: WHITE, lineWidth: 2.5 } : {}),
      },
    })),
  };
}
