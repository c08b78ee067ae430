/** What the suite `gpu` prints, 80 columns wide: the rows of each item, and at the end every target beside its row. */
import { table } from "../src/cli/text-layout.js";
import { digits, listItem, type Row } from "./rows.js";

export function detailsText(title: string, rows: readonly Row[]): string {
  const header = ["", "ms", "quartiles", "GFLOP/s", "GB/s", "of FMA", "error"];
  const cell = (value: number | null | undefined, text = digits) => (typeof value === "number" ? text(value) : "-");
  const lines = rows
    .filter(({ skipped }) => skipped === null)
    .map((row) => [
      wayOf(row),
      cell(row.medianMs),
      row.p25Ms === undefined ? "-" : `${digits(row.p25Ms)}-${digits(row.p75Ms ?? NaN)}`,
      cell(row.gflops),
      cell(row.gbps),
      cell(row.shareOfCeiling, (share) => `${digits(100 * share)} %`),
      cell(row.error, (error) => error.toExponential(1)),
    ]);
  const parts = [...(lines.length > 0 ? [table([header, ...lines])] : []), notes(rows)];
  return [`### ${title}`, ...parts].join("\n\n");
}

/** Rows that share a note share its lines. */
function notes(rows: readonly Row[]): string {
  const ways = new Map<string, string[]>();
  for (const row of rows) {
    const { skipped, adapter, rounds = 0, note = "" } = row;
    const text = skipped === null ? `${adapter}, ${rounds} round(s), ${note}` : `skipped: ${skipped}`;
    ways.set(text, [...(ways.get(text) ?? []), wayOf(row)]);
  }
  return [...ways].map(([text, names]) => listItem(`${names.join(", ")}: ${text}`)).join("\n");
}

/** `frozen subgroups f32`: what is not said is Onsager's first step. */
function wayOf({ contestant, strategy, precision }: Row): string {
  const who = contestant.replace(/^onsager-?/, "");
  return [who, strategy, precision].filter((word) => word !== undefined && word !== "").join(" ");
}

export function verdictsText(rows: readonly Row[]): string {
  const lines = rows.flatMap((row) =>
    (row.verdicts ?? []).map(({ what, wanted, found, verdict }) => [
      what,
      `${row.n}×${row.d}`,
      row.medianMs === null ? "-" : digits(row.medianMs),
      row.error === null ? "-" : row.error.toExponential(1),
      wanted,
      found ?? "-",
      verdict,
    ]),
  );
  return `### targets\n\n${table([["", "N×d", "ms", "error", "wanted", "found", "verdict"], ...lines])}`;
}
