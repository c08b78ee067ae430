/** Seeded arrays in the memory layout of the kernels. */
import type { Stage, StageName } from "../../../src/engine/executor.js";
import { pad } from "../../../src/reference/layout.js";
import { gaussianMatrix, STREAMS, uniformMatrix } from "../../../src/reference/random.js";
import type { CaseArray, Content, KernelCase, Tolerance, Unit } from "../../kernel-cases.js";

/** rows × columns numbers, stored as [batch][rowStride][columnStride]. */
export interface Shape {
  readonly batch: number;
  readonly rows: number;
  readonly rowStride: number;
  readonly columns: number;
  readonly columnStride: number;
}

/** [system][pad(N)] */
export function siteScalars(systems: number, sites: number): Shape {
  return { batch: systems, rows: 1, rowStride: 1, columns: sites, columnStride: pad(sites) };
}

/** [system][pad(N)][pad(D)] */
export function siteVectors(systems: number, sites: number, dimension: number): Shape {
  return { batch: systems, rows: sites, rowStride: pad(sites), columns: dimension, columnStride: pad(dimension) };
}

/** [matrix][rowCount][pad(columns)] */
export function matrixRows(matrices: number, rowCount: number, columns: number): Shape {
  return { batch: matrices, rows: rowCount, rowStride: rowCount, columns, columnStride: pad(columns) };
}

export function lengthOf({ batch, rowStride, columnStride }: Shape): number {
  return batch * rowStride * columnStride;
}

/** Values inside the shape, zeros in its padding. */
export function valuesIn(shape: Shape): (index: number) => Content {
  return (index) => (isInside(shape, index) ? "value" : "zero");
}

function isInside({ rows, rowStride, columns, columnStride }: Shape, index: number): boolean {
  return index % columnStride < columns && Math.floor(index / columnStride) % rowStride < rows;
}

/** Random arrays of one case; every call takes a stream of its own. */
export class Draws {
  #sample = 0;

  constructor(private readonly seed: number) {}

  /** Normal numbers times `scale`, and `padding` in the padding. */
  normal(shape: Shape, scale = 1, padding = 0): Float64Array {
    const { batch, rows, columns } = shape;
    return packed(shape, gaussianMatrix(batch * rows, columns, this.#source(), scale), padding);
  }

  uniform(shape: Shape, low: number, high: number, padding = 0): Float64Array {
    const { batch, rows, columns } = shape;
    const values = uniformMatrix(batch * rows, columns, this.#source());
    return packed(
      shape,
      values.map((value) => low + (high - low) * value),
      padding,
    );
  }

  #source() {
    return { seed: this.seed, stream: STREAMS.initial, sample: this.#sample++ };
  }
}

function packed({ batch, rows, rowStride, columns, columnStride }: Shape, values: Float64Array, padding: number) {
  const array = new Float64Array(batch * rowStride * columnStride).fill(padding);
  for (let entry = 0; entry < batch; entry++) {
    for (let row = 0; row < rows; row++) {
      const from = (entry * rows + row) * columns;
      array.set(values.subarray(from, from + columns), (entry * rowStride + row) * columnStride);
    }
  }
  return array;
}

export function input(values: Float64Array | Uint32Array): CaseArray {
  return { role: "input", values };
}

/** Stands for an array that a variant of a kernel does not read. */
export function unread(): CaseArray {
  return input(new Float64Array(4).fill(NaN));
}

/** Stands for an array that a variant of a kernel does not write. */
export function unwritten(): CaseArray {
  return { role: "output", length: 4, content: () => "untouched", tolerance: exact };
}

export const exact: Tolerance = { rule: "exact" };

/** At most twice the error of the plain f32 sum, element by element relative to the sum of its terms' magnitudes. */
export const asNaive: Tolerance = { rule: "naive", unit: "magnitude" };

export function budget(allowed: number, unit: Unit = () => 1): Tolerance {
  return { rule: "budget", allowed, unit };
}

export function output(shape: Shape, tolerance: Tolerance, content = valuesIn(shape)): CaseArray {
  return { role: "output", length: lengthOf(shape), content, tolerance };
}

/** A case named by its parameters and constants, with a note on what they do not say. */
export function makeCase<K extends StageName>(
  params: Stage<K>["params"],
  constants: Stage<K>["constants"],
  note: string,
  arrays: KernelCase<K>["arrays"],
): KernelCase<K> {
  const words = Object.entries({ ...(params as object), ...(constants as object) }).map(
    ([name, value]) => `${name} ${String(value)}`,
  );
  return { name: [note, ...words].filter((part) => part !== "").join(", "), params, constants, arrays };
}

/** Both sides of every register tile and workgroup, and some primes. */
export const ODD_SIZES = [1, 2, 3, 4, 5, 7, 13, 31, 61, 63, 64, 65];
