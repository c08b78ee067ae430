/** The fonts of the figures, and how wide their characters are. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** What a reader's browser should look for, in order. */
export const FONT_FAMILY = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";

const FOLDER = join(dirname(createRequire(import.meta.url).resolve("dejavu-fonts-ttf/package.json")), "ttf");

/** Fonts that are enough to draw every figure without looking at the machine's own. */
export const FONT_FILES = {
  upright: join(FOLDER, "DejaVuSans.ttf"),
  italic: join(FOLDER, "DejaVuSans-Oblique.ttf"),
} as const;

export type FontStyle = keyof typeof FONT_FILES;

const loaded = new Map<FontStyle, FontMetrics>();

/**
 * Width of a text in one style, in the unit of `size`. Kerning is ignored; it is below a pixel for our texts.
 *
 * @param text characters outside the font count like its missing-character box
 * @param size font size
 */
export function textWidth(text: string, style: FontStyle, size: number): number {
  let metrics = loaded.get(style);
  if (!metrics) {
    metrics = new FontMetrics(readFileSync(FONT_FILES[style]));
    loaded.set(style, metrics);
  }
  let width = 0;
  for (const character of text) width += metrics.advance(character.codePointAt(0)!);
  return width * size;
}

/** Advance widths from the tables head, hhea, hmtx and cmap (format 4) of a TrueType file. */
class FontMetrics {
  private readonly view: DataView;
  private readonly unitsPerEm: number;
  private readonly widths: number;
  private readonly widthCount: number;
  private readonly map: number;

  constructor(bytes: Buffer) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.unitsPerEm = this.view.getUint16(this.table("head") + 18);
    this.widthCount = this.view.getUint16(this.table("hhea") + 34);
    this.widths = this.table("hmtx");
    this.map = this.unicodeMap();
  }

  /** Advance of one character in units of the font size. */
  advance(codePoint: number): number {
    const glyph = Math.min(this.glyph(codePoint), this.widthCount - 1);
    return this.view.getUint16(this.widths + 4 * glyph) / this.unitsPerEm;
  }

  private table(tag: string): number {
    for (let k = 0, at = 12; k < this.view.getUint16(4); k++, at += 16) {
      const name = String.fromCharCode(...[0, 1, 2, 3].map((byte) => this.view.getUint8(at + byte)));
      if (name === tag) return this.view.getUint32(at + 8);
    }
    throw new Error(`the font has no table ${tag}`);
  }

  private unicodeMap(): number {
    const start = this.table("cmap");
    for (let k = 0; k < this.view.getUint16(start + 2); k++) {
      const map = start + this.view.getUint32(start + 8 + 8 * k);
      if (this.view.getUint16(map) === 4) return map;
    }
    throw new Error("the font has no character map of format 4");
  }

  private glyph(codePoint: number): number {
    const { view, map } = this;
    const twice = view.getUint16(map + 6); // twice the number of segments
    for (let k = 0; k < twice; k += 2) {
      if (view.getUint16(map + 14 + k) < codePoint) continue;
      const first = view.getUint16(map + 16 + twice + k);
      if (first > codePoint) return 0;
      const delta = view.getUint16(map + 16 + 2 * twice + k);
      const rangeAt = map + 16 + 3 * twice + k;
      const range = view.getUint16(rangeAt);
      if (range === 0) return (codePoint + delta) & 0xffff;
      const glyph = view.getUint16(rangeAt + range + 2 * (codePoint - first));
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
    }
    return 0;
  }
}
