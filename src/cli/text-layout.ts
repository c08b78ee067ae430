/** Text for people, at most 80 columns wide. */
import type { StrategyReport } from "../engine/coupling-strategy.js";
import type { DeviceDescription } from "../engine/executor.js";
import { LARGEST_RHAT } from "../physics/chain-statistics.js";

const WIDTH = 80;
const LABEL_WIDTH = 14;

/** `label  text`, the text wrapped beside the label, or below one that is too long. */
export function labelled(label: string, text: string, indent = 0, labelWidth = LABEL_WIDTH): string {
  const start = " ".repeat(indent) + label.padEnd(labelWidth - indent);
  const margin = " ".repeat(labelWidth);
  const lines = wrap(text, WIDTH - labelWidth).map((line) => margin + line);
  if (start.endsWith(" ")) lines[0] = start + lines[0].slice(labelWidth);
  else lines.unshift(start);
  return lines.join("\n");
}

/** Breaks between words; a word that is longer than a line, a path mostly, is cut. */
function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const line = lines[lines.length - 1];
    if (line !== "" && line.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${line} ${word}`;
      continue;
    }
    const pieces = word.match(new RegExp(`.{1,${width}}`, "gu")) ?? [];
    lines.splice(line === "" ? lines.length - 1 : lines.length, 1, ...pieces);
  }
  return lines;
}

/** R̂ of the series of chains, and how far it may be from 1. */
export function rhatLine(splitRhat: Readonly<Record<string, number>>): string {
  const ratios = Object.entries(splitRhat).flatMap(([name, ratio]) =>
    Number.isNaN(ratio) ? [] : [`${ratio.toFixed(3)} of ${name}`],
  );
  const verdict = Object.values(splitRhat).some((ratio) => ratio > LARGEST_RHAT) ? `; mixed up to ${LARGEST_RHAT}` : "";
  return labelled("split R̂", (ratios.join(", ") || "none, fewer than four measurements") + verdict);
}

/** Columns of text: the first to the left, numbers to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  "),
    )
    .map((line) => line.trimEnd())
    .join("\n");
}

/** A device, and why it was chosen. */
export function deviceLine({ name, driver, precision, reason, tuning }: DeviceDescription): string {
  const tuned = tuning === undefined ? "" : `; ${tuning}`;
  return labelled("device", `${name} (${driver}), ${precision}: ${reason}${tuned}`);
}

/** `subgroups, f32 (ROWS 32, KEYS 2, 1 split), stored after the first step` */
export function describeStrategy({ name, precision, tile, splits, reason, frozen }: StrategyReport): string {
  const why = reason === undefined ? "" : `: ${reason}`;
  if (tile === undefined) return `${name}, ${precision}${why}`;
  const constants = Object.entries(tile).map(([constant, value]) => `${constant} ${value}`);
  const kept = frozen === undefined || frozen.held === "recomputed" ? "" : `, ${frozen.held} after the first step`;
  const numbers = [...constants, `${splits} ${splits === 1 ? "split" : "splits"}`].join(", ");
  return `${name}, ${precision} (${numbers})${kept}${why}`;
}

/** Seconds, minutes or hours, rounded. */
export function readableTime(seconds: number): string {
  if (seconds < 120) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
