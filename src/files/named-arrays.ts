/** Arrays that go into one file together: what NPZ and HDF5 are written from. */

export interface NamedArray {
  /** Unique in its file; `a/b` is the array b of the group a. */
  readonly name: string;
  /** Extents, slowest first; [] for a single number. */
  readonly shape: readonly number[];
  /** Row-major, product-of-extents long; their class is the precision in the file. */
  readonly values: Float64Array | Float32Array;
  /** Absent where the numbers have none. */
  readonly unit?: string;
  readonly description: string;
}

/** @throws Error when a name is unusable or taken twice, or values do not fill their shape */
export function checkNamedArrays(arrays: readonly NamedArray[]): void {
  const names = new Set<string>();
  for (const { name, shape, values } of arrays) {
    if (name.split("/").some((part) => part === "" || part === "." || part === ".."))
      throw new Error(`an array cannot be named "${name}"`);
    if (names.has(name)) throw new Error(`two arrays are named ${name}`);
    names.add(name);
    const count = shape.reduce((product, extent) => product * extent, 1);
    if (values.length !== count)
      throw new Error(`${values.length} values of ${name} do not fill shape [${shape.join(", ")}]`);
  }
}
