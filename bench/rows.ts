/** What a measurement becomes: rows for JSON, Markdown tables for people. */

export type Precision = "f32" | "f64" | "f16" | "split-f16";

export interface Row {
  readonly suite: string;
  readonly case: string;
  readonly n: number;
  readonly d: number;
  readonly contestant: string;
  /** What it ran on: the adapter's name, or "cpu". */
  readonly adapter: string;
  readonly precision: Precision;
  readonly medianMs: number | null;
  readonly gflops: number | null;
  /** The largest of the sampled rows, relative to each row's largest entry. */
  readonly error: number | null;
  /** Why there are no numbers. */
  readonly skipped: string | null;
  readonly p25Ms?: number;
  readonly p75Ms?: number;
  readonly fastestMs?: number;
  readonly rounds?: number;
  /** Of the compulsory traffic alone: each input read once, the field written once. */
  readonly gbps?: number;
  /** Of the multiply-add ceiling of the same adapter in the same run. */
  readonly shareOfCeiling?: number;
  readonly strategy?: string;
  /** What ran and how its end was seen. */
  readonly note?: string;
  /** The most bytes of GPU buffers that were alive at once. */
  readonly peakBytes?: number;
  /** Of J, drawn in a second. */
  readonly entriesPerSecond?: number;
  /** What is wanted of it. */
  readonly verdicts?: readonly Verdict[];
  /** A faster way of the same contestant that is wrong on this adapter: no result, but worth knowing. */
  readonly wrongVariant?: { readonly what: string; readonly medianMs: number; readonly error: number };
}

/** A target, and how a measurement stands to it. */
export interface Verdict {
  readonly what: string;
  /** `≥ 60 %`, or `-` where it is only stated. */
  readonly wanted: string;
  /** `63 %`; null where there is none. */
  readonly found: string | null;
  readonly verdict: "met" | "missed" | "stated" | "not measured";
}

export interface SuiteOutcome {
  readonly rows: readonly Row[];
  /** Markdown. */
  readonly text: string;
  /** One line each; any makes the exit code 1. */
  readonly failures: readonly string[];
}

/** A Markdown table with aligned columns; cells hold no `|`. */
export function markdownTable(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...lines.map((cells) => cells[column].length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...lines.map(line)].join("\n");
}

/** Three significant digits, without an exponent. */
export function digits(value: number): string {
  if (value === 0) return "0";
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(places, 6));
}

/** A list item broken at spaces, so that pages stay narrow. */
export function listItem(text: string, width = 80): string {
  const lines = ["-"];
  for (const word of text.split(" ")) {
    const line = `${lines[lines.length - 1]} ${word}`;
    if (line.length <= width) lines[lines.length - 1] = line;
    else lines.push(`  ${word}`);
  }
  return lines.join("\n");
}
