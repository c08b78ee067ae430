/** NPZ and HDF5, read back by numpy and h5py. */
import { unzipSync } from "fflate";
import type { Dataset } from "h5wasm";
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadHdf5, writeHdf5 } from "../../src/files/hdf5.js";
import type { NamedArray } from "../../src/files/named-arrays.js";
import { readNpy } from "../../src/files/npy.js";
import { writeNpz } from "../../src/files/npz.js";
import { describeWithPython, runPython } from "../python.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arrays-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const ARRAYS: readonly NamedArray[] = [
  {
    name: "magnetization",
    shape: [2, 3],
    values: new Float64Array([0.1, -1 / 3, 5e-324, NaN, Infinity, 6]),
    unit: "1",
    description: "m_i, site × component",
  },
  { name: "chain/field", shape: [4], values: new Float32Array([0.1, 2, 3, -4]), unit: "J", description: "β h" },
  { name: "chain/beta", shape: [], values: new Float64Array([2.5]), description: "one number" },
  { name: "empty", shape: [0, 3], values: new Float64Array(0), description: "nothing" },
];

/** More than one piece of the writer. */
const LONG: NamedArray = {
  name: "long",
  shape: [700_001],
  values: Float64Array.from({ length: 700_001 }, (_, k) => Math.sin(k)),
  description: "",
};

/** Prints what numpy or h5py makes of every array. */
const PRINT = `
def show(name, a, **more):
    print(json.dumps({"name": name, "type": str(a.dtype), "shape": list(a.shape), "values": [repr(float(x)) for x in a.ravel()], **more}))`;

const PRINTED = [
  ["magnetization", "float64", [2, 3], ["0.1", "-0.3333333333333333", "5e-324", "nan", "inf", "6.0"]],
  ["chain/field", "float32", [4], ["0.10000000149011612", "2.0", "3.0", "-4.0"]],
  ["chain/beta", "float64", [], ["2.5"]],
  ["empty", "float64", [0, 3], []],
].map(([name, type, shape, values]) => ({ name, type, shape, values }));

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const lines = (text: string): unknown[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

describe("writeNpz", () => {
  it("is a ZIP of NPY files", async () => {
    const path = join(folder, "arrays.npz");
    await writeNpz(path, [...ARRAYS, LONG]);
    const entries = unzipSync(await readFile(path));
    expect(Object.keys(entries)).toEqual([...ARRAYS, LONG].map(({ name }) => `${name}.npy`));
    for (const { name, shape, values } of [...ARRAYS, LONG]) {
      const npy = join(folder, "entry.npy");
      await writeFile(npy, entries[`${name}.npy`]);
      const array = await readNpy(npy);
      expect(array.shape).toEqual(shape);
      expect(
        array.values.every((value, k) => Object.is(value, values[k])),
        name,
      ).toBe(true);
    }
  });

  it("has the same bytes every time, wherever it is written", async () => {
    const path = join(folder, "again.npz");
    const zone = process.env.TZ;
    const files: Buffer[] = [];
    try {
      for (process.env.TZ of ["Asia/Tokyo", "America/New_York"]) {
        await writeNpz(path, ARRAYS);
        files.push(await readFile(path));
      }
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
    expect(files[0].equals(files[1])).toBe(true);
  });

  it("refuses names and shapes that no file can hold, and more than ZIP can", async () => {
    const inside = await mkdtemp(join(folder, "refused-"));
    const path = join(inside, "a.npz");
    const [first] = ARRAYS;
    await expect(writeNpz(path, [first, first])).rejects.toThrow("two arrays are named magnetization");
    await expect(writeNpz(path, [{ ...first, name: "../up" }])).rejects.toThrow('cannot be named "../up"');
    await expect(writeNpz(path, [{ ...first, shape: [7] }])).rejects.toThrow("do not fill shape [7]");
    const huge = { ...first, shape: [2 ** 29], values: { length: 2 ** 29, byteLength: 2 ** 32 } as Float64Array };
    await expect(writeNpz(path, [huge])).rejects.toThrow(/a\.npz: found 4\.0 GiB of arrays, expected less than 4 GiB/);
    await expect(writeHdf5(path, [huge])).rejects.toThrow(/found 4\.0 GiB of arrays, expected at most 1 GiB/);
    expect(await readdir(inside)).toEqual([]);
  });
});

describeWithPython("numpy", () => {
  it("loads the NPZ", async () => {
    const path = join(folder, "numpy.npz");
    await writeNpz(path, [...ARRAYS, LONG]);
    const script = `
import json, sys, zipfile, numpy
${PRINT}
assert zipfile.ZipFile(sys.argv[1]).testzip() is None
with numpy.load(sys.argv[1]) as file:
    for name in file.files[:-1]: show(name, file[name])
    assert file["long"].shape == (700001,) and abs(file["long"] - numpy.sin(numpy.arange(700001))).max() < 1e-15`;
    expect(lines(runPython(script, path))).toEqual(PRINTED);
  });
});

describe("writeHdf5", () => {
  it("writes contents that the library reads back, and cleans up after itself", async () => {
    const inside = await mkdtemp(join(folder, "hdf5-"));
    const path = join(inside, "arrays.h5");
    await writeHdf5(path, ARRAYS, { program: "onsager", seed: 7 });
    await writeHdf5(path, [...ARRAYS, LONG], { program: "onsager", seed: 7 });
    expect(await readdir(inside)).toEqual(["arrays.h5"]);
    const { File, files } = await loadHdf5(path);
    files.writeFile("read.h5", await readFile(path));
    const file = new File("read.h5", "r");
    const dataset = file.get("long") as Dataset;
    expect([dataset.shape, dataset.dtype]).toEqual([[700_001], "<d"]);
    expect(Buffer.compare(bytesOf(dataset.value as Float64Array), bytesOf(LONG.values))).toBe(0);
    file.close();
    files.unlink("read.h5");
  });

  it("says in one line that the package is missing", () => {
    const source = pathToFileURL(join(import.meta.dirname, "../../src/files/hdf5.ts")).href;
    const hook = `export async function resolve(name, context, next) {
      if (name === "h5wasm") throw Object.assign(new Error("no"), { code: "ERR_MODULE_NOT_FOUND" });
      return next(name, context);
    }`;
    const script = `
      import { register } from "node:module";
      register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});
      const { loadHdf5 } = await import(${JSON.stringify(source)});
      await loadHdf5("--arrays hdf5").catch((error) => console.log(error.name, error.message));`;
    const words = ["--import", "tsx", "--input-type=module", "--eval", script];
    expect(execFileSync(process.execPath, words, { encoding: "utf8" })).toBe(
      "InputError --arrays hdf5: found no package h5wasm, which HDF5 needs, " +
        "expected it to be installed: npm install h5wasm\n",
    );
  });
});

describeWithPython("h5py", () => {
  it("reads arrays and attributes", async () => {
    const path = join(folder, "h5py.h5");
    await writeHdf5(path, [...ARRAYS, LONG], { program: "onsager", seed: 7 });
    const script = `
import json, sys, h5py, numpy
${PRINT}
with h5py.File(sys.argv[1], "r") as file:
    assert dict(file.attrs) == {"program": "onsager", "seed": 7}, dict(file.attrs)
    assert abs(file["long"][...] - numpy.sin(numpy.arange(700001))).max() < 1e-15
    for name in sys.argv[2:]: show(name, file[name][...] if file[name].shape else numpy.asarray(file[name][()]), **file[name].attrs)`;
    const expected = ARRAYS.map(({ unit, description }, k) => ({ ...PRINTED[k], ...(unit && { unit }), description }));
    expect(lines(runPython(script, path, ...ARRAYS.map(({ name }) => name)))).toEqual(expected);
  });
});
