/** Arrays that a system file gives: as lists or by name, checked for their shape. */
import type { ArrayInput, MatrixInput, NumericArray } from "../physics/arrays.js";
import { InputError } from "../physics/input-error.js";

/** Loads the array behind a path that stands in a system file. */
export type LoadArray = (path: string) => Promise<NumericArray>;

/** The numbers of an input; undefined of an ensemble, which has to be drawn. */
export async function numbersOf(input: ArrayInput | MatrixInput, load: LoadArray): Promise<NumericArray | undefined> {
  if (typeof input === "string") return { ...(await load(input)), file: input };
  if (!Array.isArray(input)) return undefined;
  if (input.length === 0 || !Array.isArray(input[0])) {
    return { shape: [input.length, 1], values: Float64Array.from(input as number[]) };
  }
  const rows = input as number[][];
  const columns = rows[0].length;
  const ragged = rows.findIndex((row) => row.length !== columns);
  if (ragged >= 0) return { shape: [rows.length, NaN], values: new Float64Array() };
  return { shape: [rows.length, columns], values: Float64Array.from(rows.flat()) };
}

/** The key, and the file where there is one. */
export const placeOf = (where: string, { file }: Pick<NumericArray, "file">): string =>
  file === undefined ? where : `${where}, ${file}`;

export function shaped(array: NumericArray, rows: number, columns: number, where: string): Float64Array {
  const [found, width = 1] = array.shape;
  if (array.shape.length > 2 || found !== rows || width !== columns) {
    const text = Number.isNaN(width) ? "rows of different lengths" : `shape ${array.shape.join(" × ")}`;
    throw new InputError(placeOf(where, array), text, columns === 1 ? `${rows} numbers` : `${rows} × ${columns}`);
  }
  return array.values;
}

export function checkFinite(array: NumericArray, where: string): void {
  const bad = array.values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const width = array.shape[1] ?? 1;
  const at = array.shape.length > 1 && width > 1 ? `[${Math.floor(bad / width)}][${bad % width}]` : `[${bad}]`;
  throw new InputError(placeOf(`${where}${at}`, array), String(array.values[bad]), "a finite number");
}

export function scaled(values: Float64Array, factor: number): Float64Array {
  return values.map((value) => factor * value);
}
