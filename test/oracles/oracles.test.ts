/** Every oracle of `onsager oracle`, on the CPU engine in float64 and on the GPU. */
import { describe, expect, it } from "vitest";
import { oracles, oraclesNamed, runOracle } from "../../src/verify/oracles/table.js";
import { engine, precisions } from "./engines.js";

/** A second pass on another adapter, as of .ci/run, need not repeat what no adapter changes. */
const isSecondPass = Boolean(process.env.ONSAGER_FLOAT64_DONE);
if (isSecondPass) it.skip("oracles, f64 [skipped: an earlier pass has run them]", () => undefined);

describe.each(isSecondPass ? (["f32"] as const) : precisions)("oracles, %s", (precision) => {
  const own = oracles.filter(({ float64Only }) => precision === "f64" || !float64Only);

  it.each(own)("$id: $title", async (oracle) => {
    const checks = await runOracle(oracle, await engine(precision), await engine("f64"), "small");
    expect(checks.length).toBeGreaterThan(0);
    expect(new Set(checks.map(({ name }) => name)).size, "names of checks").toBe(checks.length);
    expect(checks.filter(({ pass }) => !pass)).toEqual([]);
  });
});

describe("names of oracles", () => {
  it("are unique, and cite the equations", () => {
    expect(new Set(oracles.map(({ id }) => id)).size).toBe(oracles.length);
    for (const { id, reference } of oracles) expect(reference, id).toMatch(/^\d+(\.\d+)?/);
  });

  it("choose one oracle, its parts, or all of a letter", () => {
    const ids = (name: string) => oraclesNamed(name).map(({ id }) => id);
    expect(ids("b1")).toEqual(["B1"]);
    expect(ids("H2")).toEqual(["H2a", "H2b", "H2c"]);
    expect(ids("B")).toEqual(expect.arrayContaining(["B1", "B11"]));
    expect(ids("Z9")).toEqual([]);
  });
});
