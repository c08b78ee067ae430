/** Tables as CSV (RFC 4180, line feeds, a header line). */
import { stringify } from "csv-stringify/sync";
import { writeFileAtomically } from "./atomic-file.js";
import { cellAt, checkTable, type Column } from "./table.js";

/** Rows that are text at one time. */
const ROWS_A_PIECE = 10_000;

/**
 * Write a table as CSV, whole or not at all. Numbers have the digits that give the same double back, booleans are `true` and
 * `false`, missing cells are empty, and infinities are `Infinity` and `-Infinity`.
 *
 * @param path the file to make or replace
 * @param columns in the order of the file
 * @throws Error when the columns are no table; OutputError when the system refuses
 */
export async function writeCsv(path: string, columns: readonly Column[]): Promise<void> {
  await writeFileAtomically(path, async (write) => {
    for (const piece of csvPieces(columns)) await write(Buffer.from(piece));
  });
}

/** The text that `writeCsv` writes, a header line and then many rows at a time. */
export function* csvPieces(columns: readonly Column[]): Generator<string> {
  const rows = checkTable(columns);
  yield stringify([columns.map(({ name }) => name)]);
  for (let start = 0; start < rows; start += ROWS_A_PIECE) {
    const lines = Array.from({ length: Math.min(ROWS_A_PIECE, rows - start) }, (_, k) =>
      columns.map((column) => cellAt(column, start + k)),
    );
    // By itself csv-stringify writes true as 1 and false as nothing.
    yield stringify(lines, { cast: { boolean: String } });
  }
}
