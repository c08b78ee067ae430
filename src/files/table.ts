/** A table as its columns: what CSV and Parquet are written from, and what documents their names. */

interface Described {
  /** Unique in its table. */
  readonly name: string;
  /** Absent where the numbers have none. */
  readonly unit?: string;
  readonly description: string;
}

/** Missing cells are null, undefined, or a double that is NaN; every column may have them. */
type Cells<T> = readonly (T | null | undefined)[];

export type Column = Described &
  (
    | { readonly type: "double"; readonly values: Cells<number> | Float64Array }
    | { readonly type: "int64"; readonly values: Cells<number> }
    | { readonly type: "utf8"; readonly values: Cells<string> }
    | { readonly type: "boolean"; readonly values: Cells<boolean> }
  );

export type Cell = number | string | boolean | null;

/** What a table's columns are, without their values: for a manifest, and in the metadata of Parquet. */
export function describeColumns(columns: readonly Column[]): (Described & Pick<Column, "type">)[] {
  return columns.map(({ name, type, unit, description }) => ({ name, type, ...(unit && { unit }), description }));
}

/**
 * @returns the number of rows
 * @throws Error when a name is missing or taken twice, columns differ in length, or an int64 is not a safe integer
 */
export function checkTable(columns: readonly Column[]): number {
  if (columns.length === 0) throw new Error("a table needs a column");
  const rows = columns[0].values.length;
  const names = new Set<string>();
  for (const { name, type, values } of columns) {
    if (name === "") throw new Error("a column has no name");
    if (names.has(name)) throw new Error(`two columns are named ${name}`);
    names.add(name);
    if (values.length !== rows) throw new Error(`column ${name} has ${values.length} rows, not ${rows}`);
    if (type !== "int64") continue;
    const wrong = values.findIndex((value) => typeof value === "number" && !Number.isSafeInteger(value));
    if (wrong >= 0) throw new Error(`column ${name}, row ${wrong}: ${values[wrong]} is no integer below 2^53`);
  }
  return rows;
}

/** A cell with one word for what is missing. */
export function cellAt({ values }: Column, row: number): Cell {
  const value = values[row];
  return value === undefined || (typeof value === "number" && Number.isNaN(value)) ? null : value;
}
