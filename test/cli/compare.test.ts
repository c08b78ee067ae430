/** `onsager compare` from the command line to the files: errors against enumeration and chains, refusals, bad input. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { folder, text } from "./folder.js";
import { invoke, invokeJson } from "./invoke.js";

const CPU = ["--device", "cpu"];
let binary: string;
let sphere: string;

beforeAll(async () => {
  binary = await text(
    "binary.yaml",
    "spins: { kind: binary, count: 8 }\nbeta: 0.8\ncouplings: { kind: gaussian, mean: 0.5, std: 0.6 }\n" +
      "field: { kind: uniform, halfWidth: 0.5 }\nseed: 3\n",
  );
  sphere = await text(
    "sphere.yaml",
    "spins: { kind: sphere, count: 24, dimension: 8, response: exact }\nbeta: 2\n" +
      "couplings: { kind: gaussian, std: 1 }\nfield: { kind: direction, norm: 1 }\nseed: 1\n",
  );
});

interface Row {
  readonly closure: string;
  readonly status: string;
  readonly converged: boolean;
  readonly error: number | null;
  readonly errorStandardError: number | null;
  readonly reason?: string;
}

interface CompareJson {
  readonly system: { readonly sites: number };
  readonly device: { readonly name: string };
  readonly exact: Record<string, unknown> & { readonly method: string; readonly status: string };
  readonly rows: Row[];
}

describe("compare", () => {
  test("prints one JSON object, rows by error, and writes it with a table and a figure", async () => {
    const out = join(folder, "comparison");
    const words = ["--closures", "naive,tap,onsager", "--out", out, ...CPU];
    const { code, json, out: printed } = await invokeJson<CompareJson>("compare", binary, ...words);
    expect(code).toBe(0);
    expect(json).toMatchObject({ system: { sites: 8 }, steps: null, device: { name: "cpu" }, seed: 3 });
    expect(json.exact).toMatchObject({ method: "enumeration", status: "completed", measure: "relative", noise: 0 });
    expect(json.rows.map(({ closure }) => closure).sort()).toEqual(["naive", "onsager", "tap"]);
    expect(json.rows.at(-1)).toMatchObject({ closure: "naive", status: "converged", errorStandardError: 0 });
    for (const row of json.rows) {
      const keys = ["residual", "iterations", "secondsPerStep", "stepsTaken", "signedOverlapError", "belowNoise"];
      expect(Object.keys(row)).toEqual(expect.arrayContaining(keys));
    }
    expect(await readFile(join(out, "comparison.json"), "utf8")).toBe(printed);
    expect((await readdir(out)).sort()).toEqual(["comparison.csv", "comparison.json", "manifest.json", "plots"]);
    expect((await readdir(join(out, "plots"))).sort()).toEqual(["comparison.png", "comparison.svg"]);
    const [header, ...lines] = (await readFile(join(out, "comparison.csv"), "utf8")).trim().split("\n");
    expect(header).toMatch(/^closure,status,converged,residual,iterations,measure,error,error_standard_error,/);
    expect(lines).toHaveLength(3);
    expect(await readFile(join(out, "plots", "comparison.svg"), "utf8")).toContain("naive");
    expect(await invoke("compare", binary, "--out", out, ...CPU)).toMatchObject({ code: 2, out: "" });
  });

  test("samples larger systems, and a closure that refuses is a row with its reason", async () => {
    const words = ["--closures", "naive,gaussian-field,tap-published", "--chains", "8", "--samples", "100"];
    const { code, json } = await invokeJson<CompareJson>("compare", sphere, ...words, "--burn-in", "20", ...CPU);
    expect(code).toBe(0);
    expect(json.exact).toMatchObject({ method: "monte-carlo", chains: 8, burnIn: 20, steps: 100, measurements: 100 });
    expect(Object.keys(json.exact)).toEqual(expect.arrayContaining(["standardErrors", "secondsPerEffectiveSample"]));
    const [first, second, refused] = json.rows;
    expect([first.closure, second.closure]).toEqual(["gaussian-field", "naive"]);
    expect(second.errorStandardError).toBeGreaterThan(0);
    expect(refused).toMatchObject({ closure: "tap-published", status: "refused", converged: false, error: null });
    expect(refused.reason).toContain("tap-published for sphere spins with response exact");
  });

  test("text fits 80 columns and says what was measured, and where", async () => {
    const words = ["--steps", "2", "--chains", "16", "--closures", "naive,tap-published"];
    const { code, out } = await invoke("compare", sphere, ...words, ...CPU);
    expect(code).toBe(0);
    for (const line of out.split("\n").slice(1)) expect([...line].length, line).toBeLessThanOrEqual(80);
    expect(out).toMatch(/closure +converged +error ± s\.e\. +seconds\/step +steps\n/);
    expect(out).toContain("means after 2 steps from m(0)");
    expect(out).toContain("16 chains, drawn with the means m(0)");
    expect(out).toMatch(/the CPU engine, float64\s+on\s+one\s+thread/);
    expect(out).toMatch(/tap-published +refused/);
  });

  test("exact dynamics whose two starts disagree is still printed, and exits with 3", async () => {
    const stuck = await text(
      "stuck.yaml",
      "spins: { kind: binary, count: 64 }\nbeta: 3\ncouplings: { kind: gaussian, symmetry: 1 }\n" +
        "initial: { kind: constant, value: 0.5 }\n",
    );
    const words = ["--closures", "naive", "--chains", "16", "--burn-in", "0", "--samples", "2"];
    const { code, json } = await invokeJson<CompareJson>("compare", stuck, ...words, ...CPU);
    expect(json.exact.status).toBe("not-thermalised");
    expect(code).toBe(3);
    expect(json.rows).toHaveLength(1);
  });

  test("options of chains are named where enumeration has no use for them", async () => {
    const { code, err } = await invoke("compare", binary, "--closures", "naive", "--chains", "9", ...CPU);
    expect(code).toBe(0);
    expect(err).toContain("8 binary spins are enumerated");
  });
});

test.each([
  ["--closures naive,mass", /'naive,mass' is invalid. Expected names out of naive, tap/],
  ["--closures naive,,tap", /is invalid. Expected names out of/],
  ["--steps 0", /'0' is invalid. Expected a whole number of at least 1/],
  ["--steps 2 --steady", /'--steady' cannot be used with option '--steps <K>'/],
  ["--steps 2 --samples 3", /'--samples <T>' cannot be used with option '--steps <K>'/],
  ["--steps 2 --burn-in 3", /'--burn-in <B>' cannot be used with option '--steps <K>'/],
  ["--chains 3", /'3' is invalid. Expected a whole number of at least 4/],
  ["--samples 2 --thin 3 --device cpu", /thin: found 3, expected at most the 2 steps that are measured/],
  ["--strategy procedural --device voodoo", /no adapter's name contains "voodoo"/],
])("compare %s: one line, exit code 2, no folder", async (line, message) => {
  const out = join(folder, "mistake");
  const { code, err } = await invoke("compare", sphere, ...line.split(" "), "--out", out);
  expect(code).toBe(2);
  expect(err.split("\n").filter((each) => each.startsWith("onsager: "))).toHaveLength(1);
  expect(err).toMatch(message);
  expect(existsSync(out)).toBe(false);
});
