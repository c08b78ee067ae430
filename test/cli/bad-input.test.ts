/** Whatever is wrong with what was typed or written: exit code 2, and one line that names it. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { writeNpy } from "../../src/files/npy.js";
import { folder, npy, text } from "./folder.js";
import { invoke } from "./invoke.js";

const DENSE = "spins: { kind: binary }\ncouplings: { kind: dense, matrix: [[0, 1], [1, 0]] }\n";

beforeAll(async () => {
  await npy("square.npy", [
    [0, 1],
    [1, 0],
  ]);
  await npy("nan.npy", [0, NaN]);
  await writeNpy(join(folder, "oblong.npy"), [2, 3], new Float64Array(6), "<f8");
  await writeNpy(join(folder, "single.npy"), [], [3], "<f8");
  await text("text.npy", "0, 1\n1, 0\n");
  await text("good.yaml", DENSE);
});

/** A system file, and what the message has to say: where, what was found, what is expected. */
const SYSTEMS: readonly (readonly [string, string, RegExp])[] = [
  [
    "wrong-shape",
    "spins: { kind: sphere, dimension: 3 }\ncouplings: { kind: dense, matrix: square.npy }\nfield: square.npy",
    /field, square\.npy: found shape 2 × 2, expected 2 × 3/,
  ],
  [
    "not-square",
    "spins: { kind: binary }\ncouplings: { kind: dense, matrix: [[0, 1, 2], [1, 0, 2]] }",
    /couplings.matrix: found shape 2 × 3, expected 2 × 2/,
  ],
  [
    "ragged",
    "spins: { kind: binary }\ncouplings: { kind: dense, matrix: [[0, 1], [1]] }",
    /couplings.matrix: found rows of different lengths, expected 2 × 2/,
  ],
  ["nan-inline", `${DENSE}field: [0, .nan]`, /field\[1\]: found NaN, expected a number/],
  [
    "not-square",
    "spins: { kind: binary }\ncouplings: { kind: dense, matrix: oblong.npy }",
    /couplings\.matrix, oblong\.npy: found shape 2 × 3, expected 2 × 2/,
  ],
  [
    "too-few-rows",
    "spins: { kind: binary, count: 5 }\ncouplings: { kind: dense, matrix: oblong.npy }",
    /couplings\.matrix, oblong\.npy: found 2 rows, expected 5, as spins\.count has/,
  ],
  ["nan-file", `${DENSE}field: nan.npy`, /field\[1\], nan\.npy: found NaN, expected a finite number/],
  ["single-number", `${DENSE}field: single.npy`, /field, single\.npy: found a single number, expected an array/],
  ["missing-file", `${DENSE}field: absent.npy`, /absent.npy: found no such file, expected an NPY file/],
  [
    "no-npy",
    `${DENSE}field: text.npy`,
    /text.npy: found a file that does not start with .*NUMPY, expected an NPY file/,
  ],
  ["unknown-key", `${DENSE}temperature: 2`, /temperature: found an unknown key/],
  ["negative-beta", `${DENSE}beta: -0.5`, /beta: found -0.5, expected at least 0/],
  [
    "unknown-spins",
    "spins: { kind: potts }\ncouplings: { kind: gaussian }",
    /spins.kind: found "potts", expected one of binary, sphere/,
  ],
  [
    "no-count",
    "spins: { kind: binary }\ncouplings: { kind: gaussian }",
    /spins.count: found nothing, expected the number of sites/,
  ],
  [
    "overconnected",
    "spins: { kind: binary, count: 8 }\ncouplings: { kind: diluted, connectivity: 9 }",
    /couplings.connectivity: found 9, expected at most N = 8/,
  ],
  [
    "unconnected",
    "spins: { kind: binary, count: 8 }\ncouplings: { kind: diluted, connectivity: 0 }",
    /couplings.connectivity: found 0, expected more than 0/,
  ],
  [
    "no-connectivity",
    "spins: { kind: binary, count: 8 }\ncouplings: { kind: diluted }",
    /couplings.connectivity: found nothing, expected a number/,
  ],
  [
    "underconnected",
    "spins: { kind: binary, count: 8 }\ncouplings: { kind: diluted, connectivity: 1.0e-12 }",
    /couplings.connectivity: found 1e-12, expected at least N \/ 2\^32 = 1.86/,
  ],
  [
    "unknown-law",
    "spins: { kind: binary, count: 8 }\ncouplings: { kind: diluted, connectivity: 2, law: cauchy }",
    /couplings.law: found "cauchy", expected one of gaussian, plus-minus/,
  ],
  [
    "too-symmetric",
    "spins: { kind: binary, count: 8 }\ncouplings: { kind: plus-minus, symmetry: 1.5 }",
    /couplings.symmetry: found 1.5, expected at most 1/,
  ],
  [
    "connected-gaussian",
    "spins: { kind: binary, count: 8 }\ncouplings: { kind: gaussian, connectivity: 4 }",
    /couplings.connectivity: found an unknown key, expected one of kind, mean, std, symmetry/,
  ],
  [
    "too-long-mean",
    `${DENSE}initial: [0, 1.5]`,
    /initial\[1\]: found a mean of norm 1.5, expected at most the radius 1/,
  ],
  [
    "half-attention",
    "spins: { kind: sphere, dimension: 4, count: 3 }\ncouplings: { kind: attention, queries: { kind: gaussian } }",
    /couplings: found half of a pair/,
  ],
  ["malformed", "spins: { kind: binary\ncouplings: ]", /malformed.yaml:2:1: found a syntax error/],
  ["empty", "", /empty.yaml: found an empty document/],
  ["a-list", "- 1\n- 2", /a-list.yaml: found a list of 2, expected an object/],
  [
    "too-large",
    "spins: { kind: sphere, dimension: 64, count: 4000000000 }\ncouplings: { kind: gaussian }",
    /spins.count: found 4000000000.*expected what fits into --memory, 4294967296 bytes/,
  ],
];

describe("a system file", () => {
  test.each(SYSTEMS)("%s", async (name, contents, message) => {
    const path = await text(`${name}.yaml`, contents);
    const { code, out, err } = await invoke(
      "run",
      path,
      "--steps",
      "1",
      "--device",
      "cpu",
      "--out",
      join(folder, "out"),
    );
    expect(err).toMatch(/^onsager: [^\n]*\n$/);
    expect(err).toMatch(message);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });
});

const COMMANDS: readonly (readonly [string, RegExp])[] = [
  ["frobnicate", /unknown command 'frobnicate'/],
  ["run", /missing required argument 'system'/],
  ["run absent.yaml", /absent.yaml: found no such file, expected a YAML or JSON document/],
  ["run good.yaml twice.yaml", /too many arguments for 'run'/],
  ["run good.yaml --frobnicate", /unknown option '--frobnicate'/],
  ["run good.yaml --closure frobnicate", /'frobnicate' is invalid. Allowed choices are naive, tap/],
  [
    "run good.yaml --closure tap-published",
    /--closure: found tap-published for binary spins, expected one of naive, tap, onsager/,
  ],
  ["run good.yaml --steps 0", /--steps <K>' argument '0' is invalid. Expected a whole number of at least 1/],
  ["run good.yaml --steps 1.5", /'1.5' is invalid/],
  ["run good.yaml --steps", /argument missing/],
  ["run good.yaml --steps 2 --steady", /'--steady' cannot be used with option '--steps <K>'/],
  ["run good.yaml --steps 2 --damping 0.5", /'--damping <w>' cannot be used with option '--steps <K>'/],
  ["run good.yaml --damping 0", /'0' is invalid. Expected a number above 0, at most 1/],
  ["run good.yaml --trajectory", /--trajectory: found no number of steps, expected --steps K/],
  ["run good.yaml --observe mass", /'mass' is invalid. Expected names out of magnetization/],
  ["run good.yaml --observe entropy", /--observe: found entropy of dense couplings, expected attention/],
  ["run good.yaml --seed -1", /'-1' is invalid. Expected a whole number of at least 0/],
  ["run good.yaml --memory lots", /'lots' is invalid. Expected a size such as 512MiB/],
  ["run good.yaml --memory 64 --device cpu", /dense couplings.*raise --memory/],
  ["run good.yaml --memory 64", /raise --memory|higher memory limit/],
  ["run good.yaml --device voodoo", /no adapter's name contains "voodoo"/],
  ["run good.yaml --device cpu --out good.yaml", /good.yaml: found a file, expected a new folder/],
  ["run good.yaml --device cpu --out .", /found a folder with \d+ entries that this program did not write/],
  ["verify", /SYSTEM: found nothing, expected a system file, or --attention/],
  ["verify --attention --n 5", /--attention: found no --d, expected --n N and --d D/],
  ["verify --attention --n 5 --d 2", /--d: found 2, expected at least 3/],
  ["verify good.yaml --attention --n 5 --d 4", /--attention: found the system file/],
  ["verify good.yaml --n 5", /--n: found a system file, expected --attention/],
  [
    "verify nowhere",
    /nowhere: found no such file or folder, expected a system file, YAML or JSON, or the folder of a sweep/,
  ],
  ["verify good.yaml --against square.npy", /square.npy: found shape \[2, 2\], expected \[2\]/],
  ["verify good.yaml --against absent.npy", /absent.npy: found no such file/],
  ["verify good.yaml --rows 0", /'0' is invalid/],
  ["verify good.yaml --against square.npy --precision f16", /--precision: found f16 for the numbers of --against/],
  ["verify good.yaml --precision half", /'half' is invalid. Allowed choices are f32, f16, split-f16/],
  ["run good.yaml --precision f16", /precision: found f16 for dense couplings, expected f32, or attention couplings/],
  ["run good.yaml --precision f16 --device cpu", /precision: found f16 on the CPU engine, expected a GPU/],
  [
    "verify --attention --n 5 --d 4 --strategy subgroup-matrix",
    /precision: found f32 with the strategy subgroup-matrix, expected f16 or split-f16/,
  ],
  [
    "verify --attention --n 5 --d 4 --strategy portable --precision split-f16",
    /precision: found split-f16 with the strategy portable, expected f32, or subgroup-matrix/,
  ],
  [
    "verify --attention --n 5 --d 4 --precision f16 --device swiftshader",
    /precision: found f16: the adapter has no chromium-experimental-subgroup-matrix, expected f32/,
  ],
  ["sweep good.yaml", /required option '--out <folder>' not specified/],
  ["sweep absent.yaml --out sweep", /absent.yaml: found no such file/],
];

describe("a command line", () => {
  test.each(COMMANDS)("onsager %s", async (line, message) => {
    const words = line.split(" ").map((word) => (/\.(yaml|npy)$|^\.$/.test(word) ? join(folder, word) : word));
    const { code, out, err } = await invoke(...words);
    expect(err).toMatch(/^onsager: [^\n]*\n$/);
    expect(err).toMatch(message);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });

  test("without a command shows the help", async () => {
    const { code, out, err } = await invoke();
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^Usage: onsager/);
  });
});

test("a number that f32 does not reach is refused by a GPU and taken by the CPU", async () => {
  const path = await text(
    "huge.yaml",
    "spins: { kind: binary }\ncouplings: { kind: dense, matrix: [[0, 1.0e+300], [1, 0]] }\n",
  );
  const refused = await invoke("run", path, "--steps", "1");
  expect(refused.code).toBe(2);
  expect(refused.err).toMatch(/couplings: found 1e\+300, expected numbers up to 3.4e38/);
  expect((await invoke("run", path, "--steps", "1", "--device", "cpu")).code).toBe(0);
});

test("a sweep in a precision that there is not ends before its first point", async () => {
  const path = await text(
    "sweep.yaml",
    "name: precise\nsystem:\n  spins: { kind: binary, count: 4 }\n  couplings: { kind: gaussian }\n" +
      "axes: { beta: [1, 2] }\nsteps: 1\nobserve: [magnetization]\n",
  );
  const { code, err } = await invoke("sweep", path, "--out", join(folder, "precise"), "--precision", "split-f16");
  expect(code).toBe(2);
  expect(err).toMatch(/^onsager: precision: found split-f16 for random couplings, expected f32, [^\n]*\n$/);
});

test("nothing of all this was left behind", async () => {
  const names = await readdir(folder);
  expect(names.filter((name) => !/\.(yaml|npy)$/.test(name))).toEqual([]);
});
