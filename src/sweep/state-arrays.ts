/** The means of single sites, where a specification asks for them: an array a point, [sample][N · heads · D]. */
import { join } from "node:path";
import { writeHdf5 } from "../files/hdf5.js";
import type { NamedArray } from "../files/named-arrays.js";
import { readNpy, writeNpy } from "../files/npy.js";
import { writeNpz } from "../files/npz.js";
import type { RunFolder } from "./folder/run-folder.js";
import type { ResultRow, SweepOutcome } from "./run.js";

/** @returns the names of the files, relative to the folder */
export async function writeStates(folder: RunFolder, { sweep, rows, adapters }: SweepOutcome): Promise<string[]> {
  const format = sweep.input.arrays;
  if (format === undefined) return [];
  const single = adapters.every(({ precision }) => precision === "f32");
  const states = await readStates(folder);
  const samples = new Map<number, ResultRow[]>();
  for (const row of rows) samples.set(row.point, [...(samples.get(row.point) ?? []), row]);
  const arrays = [...samples].map(([point, own]): NamedArray => {
    const values = own.map((row) => states(row));
    const length = values[0].length;
    const all = single ? new Float32Array(own.length * length) : new Float64Array(own.length * length);
    values.forEach((state, k) => all.set(state, k * length));
    const description = `means of the sites of point ${point}, [sample][N · heads · D], in units of the spins`;
    return { name: nameOf(point), shape: [own.length, length], values: all, description };
  });
  if (format === "npz") {
    await writeNpz(join(folder.path, "states.npz"), arrays);
    return ["states.npz"];
  }
  if (format === "hdf5") {
    await writeHdf5(join(folder.path, "states.h5"), arrays);
    return ["states.h5"];
  }
  for (const { name, shape, values } of arrays) {
    await writeNpy(join(folder.path, "states", `${name}.npy`), shape, values, single ? "<f4" : "<f8");
  }
  return arrays.map(({ name }) => `states/${name}.npy`);
}

const nameOf = (point: number) => `point_${String(point).padStart(5, "0")}`;

/** Where the state of a row is: blocks keep them in the order of their rows. */
async function readStates({ finished, statesFile }: RunFolder): Promise<(row: ResultRow) => Float64Array> {
  const places = new Map<string, Float64Array>();
  for (const { block, rows } of finished.values()) {
    const { shape, values } = await readNpy(statesFile(block));
    const length = shape[1];
    rows.forEach(({ point, sample }, k) =>
      places.set(`${point} ${sample}`, values.subarray(k * length, (k + 1) * length)),
    );
  }
  return ({ point, sample }) => {
    const state = places.get(`${point} ${sample}`);
    if (state === undefined) throw new Error(`no state of point ${point}, sample ${sample}`);
    return state;
  };
}
