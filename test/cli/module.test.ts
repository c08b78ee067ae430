/** `onsager module` from the command line to the files: layers, what is observed of them, bad input. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readNpy } from "../../src/files/npy.js";
import { folder, text } from "./folder.js";
import { invoke, invokeJson } from "./invoke.js";

const CPU = ["--device", "cpu"];
const SHAPE = "tokens: { kind: gaussian }\ncount: 6\ndimension: 4\nheads: 2\n";

interface ModuleJson {
  readonly kind: string;
  readonly width: number;
  readonly layers: { readonly status: string; readonly observables: Record<string, number> }[];
  readonly output: number[][];
}

describe("module", () => {
  test("runs the layers of the 2023 module and writes them", async () => {
    const path = await text("2023.yaml", `kind: spin-transformer-2023\n${SHAPE}layers: 3\n`);
    const out = join(folder, "layers");
    const words = ["module", path, "--observe", "overlap,entropy", "--out", out, ...CPU];
    const { code, json } = await invokeJson<ModuleJson>(...words);
    expect(code).toBe(0);
    expect(json).toMatchObject({ kind: "spin-transformer-2023", width: 8 });
    expect(json.layers.map(({ status }) => status)).toEqual(["converged", "converged", "converged"]);
    expect(Object.keys(json.layers[2].observables)).toEqual(["overlap", "entropy"]);
    expect((await readdir(out)).sort()).toEqual(["layers.npy", "manifest.json", "result.json"]);
    const { shape, values } = await readNpy(join(out, "layers.npy"));
    expect(shape).toEqual([3, 6, 8]);
    expect([...values.subarray(2 * 48)]).toEqual(json.output.flat());
  });

  test("runs the 2026 module with learned starts, rotary positions and a feed-forward drive", async () => {
    const drive = "feedForward: { up: { kind: gaussian, std: 0.1 }, down: { kind: gaussian, std: 0.1 } }\n";
    const lines = `${SHAPE}layers: 2\nstart: learned\nsteps: 3\nrope: true\nmask: causal\n`;
    const path = await text("2026.yaml", `kind: spin-transformer-2026\n${lines}${drive}`);
    const { code, out, err } = await invoke("module", path, ...CPU);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^layer +status/m);
    expect(out).toMatch(/^2 +completed/m);
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test.each([
    ["kind: spin-transformer-2023\ntokens: { kind: gaussian }\n", "count: found nothing, expected a number"],
    ["kind: spin-transformer-2023\ntokens: [[1, 2], [3, 4]]\n", "tokens: found width 2, expected heads = 1 times"],
    [
      `kind: spin-transformer-2023\n${SHAPE}layers: 2\nqueryKey: { layers: [{ kind: gaussian }] }\n`,
      "queryKey.layers: found 1 matrices, expected 2, one a layer",
    ],
    [
      `kind: spin-transformer-2026\n${SHAPE}value: { kind: gaussian }\n`,
      "value: found W_V with start reset, expected start: learned",
    ],
    [`kind: spin-transformer-2026\n${SHAPE}carrier: magnetization\n`, "expected below R = 1"],
  ])("says in one line what is wrong with %j", async (contents, message) => {
    const { code, out, err } = await invoke("module", await text("bad.yaml", contents), ...CPU);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err).toContain(message);
  });
});
