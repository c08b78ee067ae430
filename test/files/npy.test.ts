import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNpy, writeNpy } from "../../src/files/npy.js";
import { InputError } from "../../src/physics/input-error.js";
import { describeWithPython, runPython } from "../python.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "npy-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** A file as the format describes it, made without the writer under test. */
async function handMade(descr: string, order: string, shape: string, data: Uint8Array, version = 1): Promise<string> {
  const header = `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
  const start = Buffer.alloc(version === 1 ? 10 : 12);
  start.write("\x93NUMPY", "latin1");
  start[6] = version;
  if (version === 1) start.writeUInt16LE(header.length, 8);
  else start.writeUInt32LE(header.length, 8);
  const path = join(folder, `${Math.random()}.npy`);
  await writeFile(path, Buffer.concat([start, Buffer.from(header), data]));
  return path;
}

const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

describe("readNpy", () => {
  it.each([
    ["'<f8'", new Float64Array([1.5, -2.25, 1e300]), [1.5, -2.25, 1e300]],
    ["'<f4'", new Float32Array([1.5, -2.25, 3]), [1.5, -2.25, 3]],
    ["'<f2'", new Uint16Array([0x3c00, 0xc500, 0x0001]), [1, -5, 2 ** -24]],
    ["'<i4'", new Int32Array([-7, 0, 7]), [-7, 0, 7]],
    ["'<i8'", new BigInt64Array([-7n, 0n, 9007199254740991n]), [-7, 0, 9007199254740991]],
    ["'|b1'", new Uint8Array([0, 1, 1]), [0, 1, 1]],
    ["'|u1'", new Uint8Array([0, 128, 255]), [0, 128, 255]],
    ["'>f4'", new Uint8Array([0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0]), [1, -2, 0]],
    ["'>i2'", new Uint8Array([0x01, 0x00, 0xff, 0xff, 0, 2]), [256, -1, 2]],
  ])("reads %s", async (descr, data, expected) => {
    const { shape, values } = await readNpy(await handMade(descr, "False", "(3,)", bytesOf(data)));
    expect(shape).toEqual([3]);
    expect([...values]).toEqual(expected);
  });

  it("reads versions 2 and 3, single numbers and empty arrays", async () => {
    for (const version of [2, 3]) {
      const path = await handMade("'<f4'", "False", "(1, 2)", bytesOf(new Float32Array([3, 4])), version);
      expect(await readNpy(path)).toEqual({ shape: [1, 2], values: new Float64Array([3, 4]) });
    }
    const scalar = await readNpy(await handMade("'<f8'", "False", "()", bytesOf(new Float64Array([0.5]))));
    expect(scalar).toEqual({ shape: [], values: new Float64Array([0.5]) });
    const empty = await readNpy(await handMade("'<f8'", "False", "(0, 3)", new Uint8Array()));
    expect(empty).toEqual({ shape: [0, 3], values: new Float64Array() });
  });

  it("turns Fortran order into row-major order", async () => {
    // a[i][j][k] = 100 i + 10 j + k, shape (2, 3, 2), first axis fastest.
    const fortran: number[] = [];
    for (const k of [0, 1]) for (const j of [0, 1, 2]) for (const i of [0, 1]) fortran.push(100 * i + 10 * j + k);
    const path = await handMade("'<f8'", "True", "(2, 3, 2)", bytesOf(new Float64Array(fortran)));
    expect([...(await readNpy(path)).values]).toEqual([0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121]);
  });

  it("says in one line what is wrong with a file", async () => {
    const none = new Uint8Array();
    const text = join(folder, "text.npy");
    await writeFile(text, "beta,m\n1,2\n");
    const cases: [string, RegExp][] = [
      [join(folder, "absent.npy"), /found no such file, expected an NPY file/],
      [folder, /not a plain file/],
      [text, /does not start with/],
      [await handMade("'<c16'", "False", "(0,)", none), /element type <c16/],
      [await handMade("[('a', '<f4')]", "False", "(0,)", none), /a structured type/],
      [await handMade("'|O'", "False", "(0,)", none), /element type \|O/],
      [await handMade("'<f4'", "False", "(2, 2)", new Uint8Array(12)), /12 bytes of data, expected 16/],
      [await handMade("'<f4'", "False", "(2, 2)", new Uint8Array(20)), /20 bytes of data, expected 16/],
      [await handMade("'<f4'", "False", "(0,)", none, 4), /version 4/],
      [await handMade("'<i8'", "False", "(1,)", bytesOf(new BigInt64Array([2n ** 60n]))), /below 2\^53/],
    ];
    for (const [path, message] of cases) {
      const error: unknown = await readNpy(path).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(InputError);
      expect((error as InputError).message).toMatch(message);
      expect((error as InputError).message).toContain(path);
      expect((error as InputError).message).not.toContain("\n");
    }
  });
});

describe("writeNpy", () => {
  it("round-trips doubles exactly, across several pieces, and leaves nothing else behind", async () => {
    const inside = await mkdtemp(join(folder, "round-"));
    const values = Float64Array.from({ length: 1_200_000 }, (_, k) => Math.sin(k));
    const path = join(inside, "new", "values.npy");
    await writeNpy(path, [1200, 1000], values, "<f8");
    const read = await readNpy(path);
    expect(read.shape).toEqual([1200, 1000]);
    expect(Buffer.compare(bytesOf(read.values), bytesOf(values))).toBe(0);
    expect(await readdir(join(inside, "new"))).toEqual(["values.npy"]);
    expect(((await stat(path)).size - values.byteLength) % 64).toBe(0);
  });

  it("rounds to single precision when asked", async () => {
    const path = join(folder, "single.npy");
    await writeNpy(path, [2], [0.1, NaN], "<f4");
    expect([...(await readNpy(path)).values]).toEqual([Math.fround(0.1), NaN]);
  });

  it("refuses a shape that does not fit, keeping the old file", async () => {
    const path = join(folder, "kept.npy");
    await writeNpy(path, [], [1], "<f8");
    const before = await readFile(path);
    await expect(writeNpy(path, [3], [1, 2], "<f8")).rejects.toThrow(/do not fill/);
    expect(await readFile(path)).toEqual(before);
  });
});

describeWithPython("numpy", () => {
  it("reads what we write and is read by us", async () => {
    const ours = join(folder, "ours.npy");
    await writeNpy(ours, [2, 3], [1, 2, 3, 4, 5, 6.5], "<f4");
    const script = `
import numpy as np, sys
a = np.load(sys.argv[1]); assert a.dtype == np.float32 and a.shape == (2, 3) and a[1, 2] == 6.5 and a[0, 1] == 2
x = np.arange(24).reshape(2, 3, 4)
for name, array in [("f8", x / 7), ("f2", x / 8), ("i4", x.astype("<i4")), ("i8", x), ("big", (x / 8).astype(">f8")),
                    ("bool", x % 2 == 0), ("fortran", np.asfortranarray(x / 8)), ("scalar", np.float64(2.5))]:
    np.save(f"{sys.argv[2]}/numpy-{name}.npy", array.astype("<f2") if name == "f2" else array)`;
    runPython(script, ours, folder);
    const ramp = Array.from({ length: 24 }, (_, k) => k);
    const expected: Record<string, number[]> = {
      f8: ramp.map((k) => k / 7),
      f2: ramp.map((k) => k / 8),
      i4: ramp,
      i8: ramp,
      big: ramp.map((k) => k / 8),
      bool: ramp.map((k) => (k % 2 === 0 ? 1 : 0)),
      fortran: ramp.map((k) => k / 8),
      scalar: [2.5],
    };
    for (const [name, values] of Object.entries(expected)) {
      const array = await readNpy(join(folder, `numpy-${name}.npy`));
      expect([...array.values], name).toEqual(values);
      expect(array.shape, name).toEqual(name === "scalar" ? [] : [2, 3, 4]);
    }
  });
});
