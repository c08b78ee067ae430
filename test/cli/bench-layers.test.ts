/** `onsager bench layers` from the command line to the files, on the device of the tests. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folder } from "./folder.js";
import { invoke, invokeJson } from "./invoke.js";

const TINY = ["bench", "layers", "--n", "64,32", "--d", "8,4", "--closure", "onsager,naive", "--heads", "1"];
const QUICK = ["--systems", "3", "--seconds", "1"];

interface LayersJson {
  readonly plan: { readonly sites: number[] };
  readonly devices: { readonly precision: string }[];
  readonly rows: Record<string, unknown>[];
  readonly exponents: { readonly sites: { readonly value: number } }[];
  readonly smallSystems?: Record<string, unknown>;
  readonly verification: { readonly pass: boolean }[];
  readonly operations: string;
}

describe("bench layers", () => {
  test("writes a table, a figure and a manifest, and prints one JSON object", async () => {
    const out = join(folder, "layers");
    const { code, json, err } = await invokeJson<LayersJson>(...TINY, ...QUICK, "--out", out);
    expect(code).toBe(0);
    expect(err).toMatch(/^device +[^]*, f32:\s[^]*\ndevice +cpu .*, f64:\s[^]*\n$/);
    expect(json.plan.sites).toEqual([32, 64]);
    expect(json.devices.map(({ precision }) => precision)).toEqual(["f32", "f64"]);
    expect(json.operations).toMatch(/^4 N\^2 d/);
    expect(json.verification.map(({ pass }) => pass)).toEqual([true, true, true, true]);
    expect(json.rows.length).toBeGreaterThanOrEqual(4);
    expect(json.rows[0]).toMatchObject({ sites: 32, dimension: 8, heads: 1, closure: "onsager", precision: "f32" });
    for (const row of json.rows) {
      expect(row.stepsPerSecond).toBeGreaterThan(0);
      expect(row).toMatchObject({ source: "state", strategy: { precision: row.precision } });
      expect(row.date).toMatch(/^\d{4}-\d\d-\d\dT/);
      expect(Object.keys(row)).toEqual(expect.arrayContaining(["adapter", "driver", "peakBytes", "gflops", "rounds"]));
    }
    expect(json.smallSystems).toMatchObject({ systems: 3, sites: 64, dimension: 16, steps: 128, closure: "onsager" });
    expect(json.smallSystems?.wallSeconds).toBeGreaterThan(0);

    expect((await readdir(out)).sort()).toEqual(["manifest.json", "plots", "results.csv"]);
    expect((await readdir(join(out, "plots"))).sort()).toEqual(["steps-per-second.png", "steps-per-second.svg"]);
    const [header, ...lines] = (await readFile(join(out, "results.csv"), "utf8")).trim().split("\n");
    expect(header).toMatch(/^precision,source,closure,heads,d,n,steps_per_second,/);
    expect(lines).toHaveLength(json.rows.length);
    const manifest = JSON.parse(await readFile(join(out, "manifest.json"), "utf8")) as Record<string, unknown>;
    expect(manifest).toMatchObject({ program: "onsager", points: json.rows.length, plan: json.plan });
    expect(manifest.command).toMatch(/^onsager bench layers --n 64,32/);
    expect(await invoke(...TINY, "--out", out)).toMatchObject({ code: 2, out: "" });
  });

  test("prints a table in 80 columns on the CPU engine, which has f64 alone", async () => {
    const { code, out, err } = await invoke(...TINY, ...QUICK, "--device", "cpu");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /^device +cpu .*\n\nsteps per second, by N\n\nclosure +heads +d +precision +32 +64 +GFLOP\/s\n/,
    );
    expect(out).toMatch(/verified +3 of 3 series/);
    expect(out).not.toMatch(/small systems|f32/);
    const [, ...lines] = out.split("\n");
    for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(80);
  });
});

const MISTAKES: readonly (readonly [string, RegExp])[] = [
  ["bench frobnicate", /unknown command 'frobnicate'/],
  ["bench layers --n 0", /'--n <list>' argument '0' is invalid. Expected a whole number of at least 1/],
  ["bench layers --n 32,,64", /'32,,64' is invalid. Expected a whole number/],
  ["bench layers --d 2", /'2' is invalid. Expected a whole number of at least 3/],
  ["bench layers --closure onsager,mass", /'onsager,mass' is invalid. Expected names out of naive, tap/],
  ["bench layers --seconds 0", /'0' is invalid. Expected a number above 0/],
  ["bench layers --precision f32 --device cpu", /--precision: found f32 on the CPU engine, expected f64, or a GPU/],
  ["bench layers --n 16 --precision f16 --device cpu", /--precision: found f16 on the CPU engine, expected f64/],
  ["bench layers --n 16 --precision half", /'half' is invalid. Expected names out of f32, f16, split-f16, f64/],
  ["bench layers --n 16 --strategy procedural --device cpu", /strategy: found procedural for attention couplings/],
  ["bench layers --device voodoo", /no adapter's name contains "voodoo"/],
];

test.each(MISTAKES)("onsager %s: one line, exit code 2, no folder", async (line, message) => {
  const out = join(folder, "mistake");
  const words = line.split(" ");
  const { code, err } = await invoke(...words, ...(words[1] === "layers" ? ["--out", out] : []));
  expect(code).toBe(2);
  expect(err.split("\n").filter((each) => each.startsWith("onsager: "))).toHaveLength(1);
  expect(err).toMatch(message);
  expect(existsSync(out)).toBe(false);
});
