/** `run --closure monte-carlo` and sweeps over it: what is printed, written and refused. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { readNpy } from "../../src/files/npy.js";
import { folder, text } from "./folder.js";
import { invoke, invokeJson } from "./invoke.js";

const CPU = ["--device", "cpu"];
const SAMPLE = ["--closure", "monte-carlo", "--steps", "40", "--burn-in", "20", "--chains", "8", "--thin", "2"];
let system: string;

beforeAll(async () => {
  system = await text(
    "chains.yaml",
    "spins: { kind: binary, count: 32 }\nbeta: 0.8\ncouplings: { kind: curie-weiss }\nseed: 4\n",
  );
});

interface ChainsJson {
  readonly status: string;
  readonly magnetization: number[];
  readonly magnetizationErrors: number[];
  readonly observables: Record<string, number>;
  readonly standardErrors: Record<string, number>;
  readonly splitRhat: Record<string, number>;
  readonly thermalisation: { readonly verdict: string };
  readonly verification: { readonly pass: boolean };
}

test("run prints means with errors, and a verified step", async () => {
  const { code, json } = await invokeJson<ChainsJson>("run", system, ...SAMPLE, "--verify", ...CPU);
  expect(code).toBe(0);
  expect(json).toMatchObject({ closure: "monte-carlo", steps: 40, chains: 8, burnIn: 20, thin: 2, measurements: 20 });
  expect(json.magnetization).toHaveLength(32);
  expect(json.magnetizationErrors.every((error) => error > 0)).toBe(true);
  expect(Object.keys(json.observables)).toEqual(Object.keys(json.standardErrors));
  expect(json.observables).toHaveProperty("binder");
  expect(json.thermalisation.verdict).toBe("passed");
  expect(json.splitRhat["absolute-magnetization"]).toBeLessThan(1.3);
  expect(json).not.toHaveProperty("correlations");
  expect(json.verification.pass).toBe(true);
});

test("run writes arrays, and text for people", async () => {
  const out = join(folder, "chains-out");
  const words = [...SAMPLE, "--observe", "binder,variance,binder-overlap", "--correlations", "--out", out];
  const { code, out: printed } = await invoke("run", system, ...words, ...CPU);
  expect(code).toBe(0);
  expect(printed).toContain("two starts");
  expect(printed).toContain("split R̂");
  expect(Math.max(...printed.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  const json = JSON.parse(await readFile(join(out, "result.json"), "utf8")) as Record<string, { rms: number }>;
  expect(json).toHaveProperty("standardErrors");
  for (const name of ["correlations", "delayed-correlations"]) {
    const [values, errors] = await Promise.all(
      [name, `${name}-standard-errors`].map((file) => readNpy(join(out, `${file}.npy`))),
    );
    expect([values.shape, errors.shape]).toEqual([
      [1, 32, 32],
      [1, 32, 32],
    ]);
    expect(errors.values.every((error) => error >= 0)).toBe(true);
    const apart = Array.from(values.values).filter((_, k) => k % 33 !== 0);
    const rms = Math.sqrt(apart.reduce((sum, value) => sum + value * value, 0) / apart.length);
    expect(json[name].rms).toBeCloseTo(rms, 10);
  }
});

test("options and observables that do not fit are refused in one line", async () => {
  const refused = async (...words: string[]) => {
    const { code, err } = await invoke("run", system, ...words, ...CPU);
    expect(code).toBe(2);
    return err.trim().split("\n").at(-1);
  };
  expect(await refused("--steps", "3", "--burn-in", "4")).toContain("--burn-in: found it with a closure");
  expect(await refused("--closure", "monte-carlo")).toContain("--steps: found nothing");
  expect(await refused(...SAMPLE, "--trajectory")).toContain("--trajectory");
  expect(await refused(...SAMPLE, "--remove-sites", "1")).toContain("--remove-sites: found it with monte-carlo");
  expect(await refused(...SAMPLE, "--observe", "susceptibility")).toContain("susceptibility of thin 2");
  expect(await refused("--steps", "3", "--observe", "binder")).toContain("binder of a closure");
});

const SWEEP = `name: chains
system: { spins: { kind: binary, count: 16 }, couplings: { kind: gaussian, mean: 1, std: 0.2 } }
axes: { beta: [0.5, 1.5], closure: [naive, monte-carlo] }
samples: 2
steps: 20
`;

test("a sweep has errors from chains, and repeats a step of every method", async () => {
  const observe = "observe: [absolute-magnetization, binder]\n";
  const spec = await text("chains-sweep.yaml", `${SWEEP}monteCarlo: { chains: 6, burnIn: 5 }\n${observe}`);
  const out = join(folder, "chains-sweep");
  const { code } = await invoke("sweep", spec, "--out", out, ...CPU);
  expect([0, 3]).toContain(code);
  const [header, ...lines] = (await readFile(join(out, "results.csv"), "utf8")).trim().split("\n");
  expect(header).toContain("binder_standard_error");
  expect(lines).toHaveLength(8);
  const manifest = JSON.parse(await readFile(join(out, "manifest.json"), "utf8")) as {
    outcome: { verification: { closure: string; pass: boolean }[] };
  };
  expect(manifest.outcome.verification.map(({ closure, pass }) => [closure, pass]).sort()).toEqual([
    ["monte-carlo", true],
    ["naive", true],
  ]);
});

test("a sweep refuses what no closure of it has", async () => {
  const refused = async (name: string, contents: string) =>
    (await invoke("sweep", await text(name, contents), "--out", join(folder, name), ...CPU)).err;
  const plain = SWEEP.replace(", closure: [naive, monte-carlo]", "");
  expect(await refused("a.yaml", `${plain}observe: [binder]\n`)).toContain("which no closure of the axes has");
  expect(await refused("b.yaml", `${plain}monteCarlo: { chains: 3 }\n`)).toContain("without closure monte-carlo");
});
