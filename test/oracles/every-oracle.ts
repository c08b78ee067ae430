/** The oracles of the table as tests in one precision. */
import { describe, expect, it } from "vitest";
import { oracles, runOracle } from "../../src/verify/oracles/table.js";
import { engine, type Precision } from "./engines.js";

export function describeOracles(precision: Precision): void {
  describe(`oracles, ${precision}`, () => {
    const own = oracles.filter(({ float64Only }) => precision === "f64" || !float64Only);

    it.each(own)("$id: $title", async (oracle) => {
      const checks = await runOracle(oracle, await engine(precision), await engine("f64"), "small");
      expect(checks.length).toBeGreaterThan(0);
      expect(new Set(checks.map(({ name }) => name)).size, "names of checks").toBe(checks.length);
      expect(checks.filter(({ pass }) => !pass)).toEqual([]);
    });
  });
}
