/** What the commands print, write and return when all goes well, and when a check or a solver fails. */
import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { readNpy, writeNpy } from "../../src/files/npy.js";
import { folder, text } from "./folder.js";
import { invoke, invokeJson } from "./invoke.js";

const CPU = ["--device", "cpu"];
const RING = `spins: { kind: binary }
couplings: { kind: dense, matrix: [[0, 0.5, 0], [0, 0, -0.7], [0.3, 0, 0]] }
field: [0.2, -0.1, 0.4]
`;
let ring: string;
let cycle: string;
let heads: string;

beforeAll(async () => {
  ring = await text("ring.yaml", RING);
  cycle = await text(
    "cycle.yaml",
    "spins: { kind: binary }\nbeta: 3\ncouplings: { kind: dense, matrix: [[-1]] }\ninitial: [1]\n",
  );
  heads = await text(
    "heads.yaml",
    `spins: { kind: sphere, count: 5, dimension: 4 }
couplings: { kind: attention, weights: { query: { kind: gaussian }, key: { kind: gaussian } }, heads: 2 }
field: { kind: gaussian, std: 0.3 }
seed: 11
`,
  );
});

interface RunJson extends Record<string, unknown> {
  readonly status: string;
  readonly magnetization: number[];
  readonly verification?: { readonly pass: boolean };
}

describe("run", () => {
  test("prints one JSON object with the promised keys, and nothing else", async () => {
    const { code, json, err } = await invokeJson<RunJson>(
      "run",
      ring,
      "--steps",
      "3",
      "--trajectory",
      "--verify",
      ...CPU,
    );
    expect(code).toBe(0);
    expect(Object.keys(json)).toEqual([
      ...["closure", "steps", "status", "residual", "innerResidual", "iterations", "magnetization", "trajectory"],
      ...["observables", "strategy", "device", "seed", "version", "verification"],
    ]);
    expect(json).toMatchObject({ closure: "naive", steps: 3, status: "completed", seed: 0, iterations: 3 });
    expect(json.device).toMatchObject({ name: "cpu", precision: "f64", reason: "chosen: --device cpu" });
    expect(json.version).toBe((JSON.parse(await readFile("package.json", "utf8")) as { version: string }).version);
    expect(json.magnetization).toEqual((json.trajectory as number[][])[2]);
    expect(json.verification).toMatchObject({ pass: true, rows: 3, sites: 3 });
    expect(err).toMatch(/^device +cpu/);
  });

  test("takes the steady state unless told otherwise", async () => {
    const [one, other] = [await invoke("run", ring, ...CPU), await invoke("run", ring, "--steady", ...CPU)];
    expect(one).toEqual(other);
    expect(one.code).toBe(0);
    expect(one.out).toMatch(/status +converged after \d+ iterations/);
    for (const line of one.out.split("\n")) expect([...line].length).toBeLessThanOrEqual(80);
  });

  test("a fixed point that is not reached is printed, and its exit code is 3", async () => {
    const { code, json } = await invokeJson<RunJson>("run", cycle, "--max-iterations", "2", ...CPU);
    expect(code).toBe(3);
    expect(["max-iter", "cycle"]).toContain(json.status);
    expect(json.magnetization).toHaveLength(1);
    expect((await invoke("run", cycle, "--damping", "0.5", ...CPU)).code).toBe(0);
  });

  test("steps whose inner equation has no root are printed, and their exit code is 3", async () => {
    const path = await text(
      "rootless.yaml",
      `spins: { kind: sphere, count: 37, dimension: 5 }
beta: 6
couplings: { kind: gaussian, mean: 0.5, std: 0.7 }
initial: { kind: direction, norm: 0.8 }
`,
    );
    const words = ["run", path, "--closure", "tap-published", "--steps", "1", ...CPU];
    const { code, json } = await invokeJson<RunJson & { innerResidual: number }>(...words);
    expect(code).toBe(3);
    expect(json.status).toBe("max-iter");
    expect(json.innerResidual).toBeGreaterThan(1e-6);
    expect(json.magnetization).toHaveLength(37);
  });

  test.each([
    ["{ kind: plus-minus, symmetry: 1 }", /binary spins,\s+plus-minus couplings/],
    [
      "{ kind: diluted, connectivity: 4, law: plus-minus }",
      /binary spins,\s+diluted plus-minus \(connectivity 4\) couplings/,
    ],
    [
      "{ kind: diluted, connectivity: 4, symmetry: -0.5 }",
      /binary spins,\s+diluted gaussian \(connectivity 4\) couplings/,
    ],
  ])("takes the random couplings %s, and so does verify", async (couplings, description) => {
    const path = await text(
      "ensemble.yaml",
      `spins: { kind: binary, count: 19 }\ncouplings: ${couplings}\ninitial: { kind: constant, value: 0.8 }\n`,
    );
    const words = ["--device", "cpu"];
    const { code, out } = await invoke("run", path, "--steps", "3", "--closure", "tap", "--verify", ...words);
    expect(code).toBe(0);
    expect(out).toMatch(description);
    const verified = await invoke("verify", path, "--closure", "tap", ...words);
    expect(verified.code).toBe(0);
    expect(verified.out).toMatch(description);
  });

  test("several heads give rows of all heads, and observables of attention", async () => {
    const { json } = await invokeJson<Record<string, number[][][]> & { observables: object }>(
      "run",
      heads,
      "--steps",
      "1",
      "--couplings",
      ...CPU,
    );
    expect(json.seed).toBe(11);
    expect(json.magnetization).toHaveLength(5);
    expect(json.magnetization[0]).toHaveLength(8);
    expect(json.couplings).toHaveLength(2);
    for (const row of json.couplings.flat()) expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
    expect(Object.keys(json.observables)).toEqual(
      expect.arrayContaining(["magnetization", "overlap", "entropy", "participation"]),
    );
    const chosen = await invokeJson<{ observables: object; seed: number }>(
      "run",
      heads,
      "--observe",
      "overlap,susceptibility",
      "--seed",
      "12",
      ...CPU,
    );
    expect(Object.keys(chosen.json.observables)).toEqual(["overlap", "susceptibility"]);
    expect(chosen.json.seed).toBe(12);
  });

  test("names the temperatures of species", async () => {
    const species = "[{ name: hot, count: 1, beta: 0.5 }, { name: cold, beta: 2 }]";
    const { out } = await invoke("run", await text("species.yaml", `${RING}species: ${species}\n`), ...CPU);
    expect(out).toMatch(/β = 0\.5 \(hot\), 2 \(cold\)$/m);
  });

  test("--correlations gives C and D out, as files too", async () => {
    const out = join(folder, "correlations");
    const words = ["run", ring, "--closure", "gaussian-field", "--steps", "2", "--correlations", "--out", out, ...CPU];
    const { code, json } = await invokeJson<RunJson & Record<string, number[][][]>>(...words);
    expect(code).toBe(0);
    expect(json.correlationQuadrature).toBe("double");
    for (const name of ["correlations", "delayed-correlations"]) {
      const { shape, values } = await readNpy(join(out, `${name}.npy`));
      expect(shape).toEqual([1, 3, 3]);
      expect([...values]).toEqual(json[name].flat(2));
    }
    expect(json.correlations[0][1][1]).toBeCloseTo(1 - json.magnetization[1] ** 2, 12);
    // tap in strong fields: C_12 of both sites is β² (1-m²)² Σ_j J_1j J_2j > 1, which no law has.
    const strong = await text(
      "strong.yaml",
      "spins: { kind: binary }\ncouplings: { kind: dense, matrix: [[0, 0, 9, 9], [0, 0, 9, 9], [0, 0, 0, 0], [0, 0, 0, 0]] }\ninitial: [0, 0, 0, 0]\n",
    );
    const tap = ["run", strong, "--closure", "tap", "--steps", "1", "--correlations", ...CPU];
    const beyond = await invokeJson<RunJson & Record<string, (number | null)[][][]>>(...tap);
    expect(beyond.json.correlations[0][0]).toEqual([1, null, 0, 0]);
    const refused = await invoke(
      "run",
      ring,
      "--closure",
      "plefka-t",
      "--steps",
      "1",
      "--strategy",
      "procedural",
      ...CPU,
    );
    expect(refused).toMatchObject({ code: 2, out: "" });
    expect(refused.err).toContain("strategy: found procedural for plefka-t, which needs J itself");
  });

  test("--out holds the JSON and the arrays, and is replaced only when told to", async () => {
    const out = join(folder, "result");
    const words = ["run", ring, "--steps", "4", "--trajectory", "--couplings", "--out", out, ...CPU];
    const { json } = await invokeJson<RunJson & { trajectory: number[][] }>(...words);
    expect((await readdir(out)).sort()).toEqual([
      "couplings.npy",
      "magnetization.npy",
      "manifest.json",
      "result.json",
      "trajectory.npy",
    ]);
    expect(JSON.parse(await readFile(join(out, "result.json"), "utf8"))).toEqual(json);
    expect(await readNpy(join(out, "magnetization.npy"))).toEqual({
      shape: [3],
      values: Float64Array.from(json.magnetization),
    });
    expect(await readNpy(join(out, "trajectory.npy"))).toEqual({
      shape: [4, 3],
      values: Float64Array.from(json.trajectory.flat()),
    });
    expect((await readNpy(join(out, "couplings.npy"))).shape).toEqual([1, 3, 3]);
    expect(await invoke(...words)).toMatchObject({ code: 2, out: "" });
    expect((await invoke(...words, "--replace")).code).toBe(0);
  });

  test("an array of more than a million numbers is a file, which JSON names", async () => {
    const large = await text(
      "large.yaml",
      "spins: { kind: binary, count: 1001 }\ncouplings: { kind: curie-weiss }\ninitial: { kind: constant, value: 0.5 }\n",
    );
    const words = ["run", large, "--steps", "1", "--couplings", ...CPU];
    const refused = await invoke(...words, "--json");
    expect(refused).toMatchObject({ code: 2, out: "" });
    expect(refused.err).toMatch(/--json: found 1002001 numbers of couplings, expected --out DIR/);
    const out = join(folder, "large");
    const { code, json } = await invokeJson<RunJson>(...words, "--out", out);
    expect(code).toBe(0);
    expect(json.couplings).toBe(`${out}/couplings.npy`);
    expect(json.magnetization).toHaveLength(1001);
    expect((await readNpy(join(out, "couplings.npy"))).shape).toEqual([1, 1001, 1001]);
    expect((await invoke(...words)).code, "text names no numbers").toBe(0);
  });
});

describe("verify", () => {
  test("passes on the device", async () => {
    const { code, json } = await invokeJson<Record<string, unknown>>(
      "verify",
      "--attention",
      "--n",
      "200",
      "--d",
      "8",
      "--causal",
      "--rows",
      "20",
    );
    expect(code).toBe(0);
    expect(json).toMatchObject({ closure: "onsager", rows: 20, sites: 200, seed: 0, pass: true, unsolved: 0 });
    expect(json.device).toMatchObject({ precision: "f32" });
    const text = await invoke("verify", heads, "--closure", "tap", ...CPU);
    expect(text.out).toMatch(/checked +float64 of the CPU engine[^]*pass, \d/);
    for (const line of text.out.split("\n")) expect([...line].length).toBeLessThanOrEqual(80);
  });

  test("checks numbers from a file, and says by its exit code what it thinks of them", async () => {
    const { json } = await invokeJson<RunJson>("run", ring, "--steps", "1", "--closure", "tap", ...CPU);
    const mine = join(folder, "mine.npy");
    for (const [values, code] of [
      [json.magnetization, 0],
      [json.magnetization.map((m, k) => (k === 1 ? m + 1e-5 : m)), 1],
      [json.magnetization.map((m, k) => (k === 1 ? NaN : m)), 1],
    ] as const) {
      await writeNpy(mine, [3, 1], values, "<f8");
      const check = await invokeJson<{ pass: boolean; device: null }>(
        "verify",
        ring,
        "--closure",
        "tap",
        "--against",
        mine,
      );
      expect(check.code).toBe(code);
      expect(check.json).toMatchObject({ pass: code === 0, checked: mine, device: null });
    }
  });
});

describe("devices", () => {
  test("lists every device, the CPU engine last, in 80 columns", async () => {
    const { code, out } = await invoke("devices");
    expect(code).toBe(0);
    expect(out).toMatch(/\n {2}cpu\n.*verdict +passed over for/);
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("says as JSON what would be chosen", async () => {
    const { json } = await invokeJson<{ chosen: string; devices: { name: string; chosen: boolean }[] }>(
      "devices",
      ...CPU,
    );
    expect(json.chosen).toBe("cpu");
    expect(json.devices.filter(({ chosen }) => chosen).map(({ name }) => name)).toEqual(["cpu"]);
    const unknown = await invokeJson<{ chosen: null }>("devices", "--device", "voodoo");
    expect(unknown.json.chosen).toBeNull();
  });

  test("--device list and ONSAGER_DEVICE do what they say", async () => {
    vi.stubEnv("ONSAGER_DEVICE", "cpu");
    expect((await invokeJson<{ device: object }>("run", ring)).json.device).toMatchObject({ name: "cpu" });
    vi.stubEnv("ONSAGER_DEVICE", "list");
    expect((await invoke("run", ring)).out).toMatch(/verdict/);
    vi.unstubAllEnvs();
  });
});

describe("help", () => {
  test.each([
    [[]],
    [["run"]],
    [["compare"]],
    [["sweep"]],
    [["verify"]],
    [["devices"]],
    [["tune"]],
    [["bench"]],
    [["bench", "layers"]],
  ])("of %s fits 80 columns", async (command) => {
    const { code, out } = await invoke(...command, "--help");
    expect(code).toBe(0);
    for (const line of out.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
    if (command.length > 0) expect(out).toMatch(/Examples?:\n {2}onsager /);
  });

  test("the version is that of the package", async () => {
    expect(await invoke("--version")).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
  });
});

describe("the process", () => {
  const start = (...words: string[]) => {
    const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...words]);
    let out = "";
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    const ended = new Promise<{ code: number | null; out: string }>((resolve) =>
      child.on("close", (code) => resolve({ code, out })),
    );
    return { child, ended };
  };

  test("keeps standard output free of everything but JSON", async () => {
    const { code, out } = await start("run", ring, "--json", "--verify").ended;
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ status: "converged", verification: { pass: true } });
  });

  test("ends with 130 on Ctrl-C and leaves no partial results", async () => {
    const long = await text(
      "long.yaml",
      "spins: { kind: binary, count: 300 }\ncouplings: { kind: gaussian, std: 3 }\ninitial: { kind: constant, value: 1 }\n",
    );
    const partial = async () => (await readdir(folder)).filter((name) => name.startsWith("interrupted"));
    const { child, ended } = start("run", long, "--steps", "100000000", "--out", join(folder, "interrupted"), ...CPU);
    await vi.waitFor(async () => expect(await partial()).toHaveLength(1), { timeout: 20_000, interval: 50 });
    child.kill("SIGINT");
    expect(await ended).toEqual({ code: 130, out: "" });
    expect(await partial()).toEqual([]);
  });
});
