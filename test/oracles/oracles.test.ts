/** Every oracle of `onsager oracle` on the GPU; those in float64 alone are in oracles-float64.test.ts. */
import { describe, expect, it } from "vitest";
import { oracles, oraclesNamed } from "../../src/verify/oracles/table.js";
import { describeOracles } from "./every-oracle.js";

describeOracles("f32");

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
