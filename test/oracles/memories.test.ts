/** Regimes of softmax memories (equations 10.4). */
import { describe, expect, it } from "vitest";
import { realiseMemory, retrieve } from "../../src/engine/retrieval.js";
import { parseMemory } from "../../src/physics/memory.js";
import { engine, precisions } from "./engines.js";

describe.each(precisions)("softmax memory, %s", (precision) => {
  it("single patterns, their average and what lies between, without the energy ever growing", async () => {
    const from = async (scale: number, rest: object = {}) => {
      const drawn = {
        patterns: { kind: "gaussian" },
        count: 12,
        dimension: 16,
        states: { kind: "noisy", std: 0.3 },
        scale,
        ...rest,
      };
      const memory = await realiseMemory(parseMemory(drawn, "m"), () => Promise.reject(new Error()), "m");
      return retrieve(await engine(precision), memory, { steps: 300 });
    };
    for (const [scale, regime] of [
      [4, "single-pattern"],
      [0.01, "averaging"],
    ] as const) {
      const { history, converged } = await from(scale);
      expect(converged).toBe(true);
      expect(new Set(history.at(-1)!.map((state) => state.regime))).toEqual(new Set([regime]));
      const rises = history
        .slice(1)
        .flatMap((states, t) => states.map(({ energy }, k) => energy - history[t][k].energy));
      expect(Math.max(...rises)).toBeLessThan(precision === "f64" ? 1e-12 : 1e-4);
    }
    const pair = [
      [1, 0, 0, 0, 0, 0, 0, 0],
      [0.95, 0.3, 0, 0, 0, 0, 0, 0],
      ...[2, 3, 4, 5, 6].map((k) => Array.from({ length: 8 }, (_, j) => (j === k ? 1 : 0))),
    ];
    const { history } = await from(8, { patterns: pair, count: undefined, dimension: undefined, states: [pair[0]] });
    expect(history.at(-1)![0].regime).toBe("metastable");
  });
});
