/** `onsager cluster` from the command line to the files: map, flow, noise, hysteresis, bad input. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readNpy } from "../../src/files/npy.js";
import { folder, text } from "./folder.js";
import { invoke, invokeJson } from "./invoke.js";

const CPU = ["--device", "cpu"];

interface ClusterJson {
  readonly kind: string;
  readonly history: {
    readonly time: number;
    readonly pairCosine: { mean: number };
    readonly order: { mean: number };
  }[];
  readonly points: { readonly coupling: number; readonly direction: string; readonly order: { mean: number } }[];
}

describe("cluster", () => {
  test("follows the map of orthonormal tokens, with and without residual", async () => {
    // The first two layers of the equiangular map at n = 8, beta = 1.
    for (const [residual, cosines] of [
      [true, [0, 0.1909660863, 0.4991420081]],
      [false, [0, 0.7948098595, 0.9998083923]],
    ] as const) {
      const lines = `kind: map\ntokens: { kind: orthonormal }\ncount: 8\ndimension: 8\nsteps: 2\nresidual: ${residual}\n`;
      const { code, json } = await invokeJson<ClusterJson>("cluster", await text("map.yaml", lines), ...CPU);
      expect(code).toBe(0);
      json.history.forEach(({ pairCosine }, k) => expect(pairCosine.mean).toBeCloseTo(cosines[k], 9));
    }
  });

  test("prints the flow at 80 columns, and writes what the tokens did", async () => {
    const lines = "kind: flow\ntokens: { kind: direction }\ncount: 6\ndimension: 3\nsteps: 40\n";
    const out = join(folder, "flow");
    const result = await invoke("cluster", await text("flow.yaml", lines), "--out", out, ...CPU);
    expect({ code: result.code, err: result.err }).toEqual({ code: 0, err: "" });
    expect(result.out).toMatch(/^time +pair cosine +r$/m);
    expect(Math.max(...result.out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect((await readdir(out)).sort()).toEqual(["manifest.json", "result.json", "trajectory.npy"]);
    expect((await readNpy(join(out, "trajectory.npy"))).shape).toEqual([21, 1, 6, 3]);
  });

  test("leads noisy tokens up and down and draws it over the theory", async () => {
    const lines =
      "kind: noisy\ntokens: { kind: direction }\ncount: 16\ndimension: 2\nbeta: 4\nsteps: 10\nreplicas: 2\n" +
      "couplings: { from: 0.1, to: 0.3, count: 3 }\n";
    const out = join(folder, "noisy");
    const words = ["cluster", await text("noisy.yaml", lines), "--out", out, ...CPU];
    const { code, json } = await invokeJson<ClusterJson>(...words);
    expect(code).toBe(0);
    expect(json.points.map(({ direction }) => direction)).toEqual(["up", "up", "up", "down", "down", "down"]);
    expect((await readdir(out)).sort()).toEqual(["hysteresis.csv", "manifest.json", "plots", "result.json"]);
    expect((await readdir(join(out, "plots"))).sort()).toEqual(["hysteresis.png", "hysteresis.svg"]);
  });

  const SHAPE = "count: 4\ndimension: 2\nsteps: 2\n";
  test.each([
    [
      `kind: map\ntokens: { kind: orthonormal }\n${SHAPE}`,
      "count: found 4 orthonormal tokens, expected at most dimension = 2",
    ],
    ["kind: map\ntokens: { kind: direction }\nsteps: 2\n", "count: found nothing, expected a number"],
    ["kind: flow\ntokens: [[1, 0], [1, 1]]\nsteps: 2\n", "tokens[1]: found norm 1.41421, expected a token of norm 1"],
    ["kind: flow\ntokens: [[1, 0], [1]]\nsteps: 2\n", "tokens: found rows of different lengths"],
    [
      `kind: noisy\ntokens: { kind: direction }\ndirection: up\n${SHAPE}`,
      "direction: found up, expected couplings beside it",
    ],
    [
      `kind: noisy\ntokens: { kind: direction }\ncouplings: { from: 2, to: 1, count: 3 }\n${SHAPE}`,
      "couplings: found from 2 to 1, expected from < to",
    ],
    [`kind: map\ntokens: { kind: direction }\nevery: 3\n${SHAPE}`, "every: found 3, expected at most steps = 2"],
  ])("says in one line what is wrong with %j", async (contents, message) => {
    const { code, out, err } = await invoke("cluster", await text("bad.yaml", contents), ...CPU);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err.trim()).not.toContain("\n");
  });
});
