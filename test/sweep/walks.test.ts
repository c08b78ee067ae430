/** Continuation against a loop by hand, refinement where something happens, and axes that advance together. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { batchOf } from "../../src/engine/batch.js";
import { openExecutor } from "../../src/engine/devices.js";
import type { Executor } from "../../src/engine/executor.js";
import { realise } from "../../src/engine/realise.js";
import { simulate } from "../../src/engine/simulate.js";
import type { ClosureName } from "../../src/physics/closures.js";
import { runSweep } from "../../src/sweep/run.js";
import { parseSweeps } from "../../src/sweep/spec.js";
import { block, blocksOf, folder, run, specification, specify, tables } from "./small-sweep.js";

const noFiles = () => Promise.reject(new Error("no files here"));

let executor: Executor;
beforeAll(async () => {
  executor = await openExecutor({ select: "cpu" });
});
afterAll(() => executor.dispose());

const sweep = (document: unknown) =>
  runSweep(executor, parseSweeps(document, "spec")[0], { load: noFiles, context: "spec" });

describe("continuation", () => {
  const fields = [-0.6, -0.2, 0.2, 0.6];
  const hysteresis = {
    name: "hysteresis",
    system: {
      spins: { kind: "binary", count: 6 },
      beta: 2,
      couplings: { kind: "gaussian", mean: 1.2, std: 0.2 },
      field: { kind: "constant", value: 0 },
      initial: { kind: "constant", value: -1 },
    },
    axes: { "field.value": fields, closure: ["naive", "tap"] },
    continuation: { axis: "field.value" },
    samples: 2,
    seed: 3,
    steady: true,
    observe: ["magnetization"],
  };

  test("hands every state on, up and then down", async () => {
    const { sweep: expanded, rows } = await sweep(hysteresis);
    const found = new Map(
      rows.map(({ point, sample, observables }) => [
        [...expanded.points[point].values, sample].join(),
        observables.magnetization,
      ]),
    );
    expect(found.size).toBe(2 * 2 * 2 * fields.length);
    for (const closure of ["naive", "tap"] as const satisfies readonly ClosureName[]) {
      for (const sample of [0, 1]) {
        let initial: Float64Array | undefined;
        const walk = [
          ...fields.map((value) => [value, "up"] as const),
          ...[...fields].reverse().map((value) => [value, "down"] as const),
        ];
        for (const [value, direction] of walk) {
          const point = expanded.points.find(({ values }) => values.join() === [value, closure, direction].join());
          const system = await realise(point!.system(sample), noFiles, "spec");
          const [[result]] = await simulate(executor, batchOf(initial ? { ...system, initial } : system), {
            closure,
            run: { steady: {} },
            states: true,
            observe: ["magnetization"],
          });
          expect(found.get([value, closure, direction, sample].join())).toBe(result.observables.magnetization);
          initial = result.state;
        }
      }
    }
    // The loop is open: on the way down the spins stay up where on the way up they stay down.
    expect(found.get([0.2, "naive", "up", 0].join())).toBeLessThan(-0.5);
    expect(found.get([-0.2, "naive", "down", 0].join())).toBeGreaterThan(0.5);
  });

  // Curie-Weiss below T_c: both branches are metastable up to |h| = 0.27, and no chain leaves one in such a run.
  test("leads chains along both branches of a hysteresis loop", async () => {
    const [count, beta] = [128, 2];
    const chains = {
      ...hysteresis,
      system: {
        spins: { kind: "binary", count },
        beta,
        couplings: { kind: "curie-weiss" },
        field: { kind: "constant", value: 0 },
      },
      axes: { "field.value": [-0.6, -0.15, 0.15, 0.6], closure: ["monte-carlo"] },
      // Only the first point of the walk starts at random.
      monteCarlo: { chains: 16, burnIn: 20, start: "random" },
      steady: undefined,
      samples: 1,
      steps: 40,
    };
    const { sweep: expanded, rows } = await sweep(chains);
    for (const { point, status, observables, standardErrors } of rows) {
      const [field, , direction] = expanded.points[point].values;
      const h = Number(field);
      const sign = Math.abs(h) > 0.27 ? Math.sign(h) : direction === "up" ? -1 : 1;
      let m = sign;
      for (let step = 0; step < 200; step++) m = Math.tanh(beta * (m + h));
      expect(Math.sign(m)).toBe(sign);
      // The variance of m, (1 - m²)/N a step, moves the mean through the curvature of tanh.
      const slope = beta * (1 - m ** 2);
      const variance = (1 - m ** 2) / count / (1 - slope ** 2);
      const expected = m - (beta * slope * m * variance) / (1 - slope);
      const off = Math.abs((observables.magnetization ?? NaN) - expected);
      expect(off, `h ${h} ${direction}`).toBeLessThan(4 * (standardErrors?.magnetization ?? NaN));
      expect(status).toBe("completed");
    }
  });

  test("comes to the same bytes when it was stopped between blocks", async () => {
    const [path, again] = [join(folder, "walk"), join(folder, "walk stopped")];
    const chains = { monteCarlo: { chains: 3, burnIn: 2 }, steady: undefined, steps: 5 };
    const axes = { ...hysteresis.axes, closure: ["naive", "monte-carlo"] };
    const spec = specify("walk", { ...hysteresis, ...chains, axes });
    expect((await run(spec, path, "--blocks", "4")).code).toBe(0);
    // A walk is never cut: up and down, of one closure and sample, are in one block; naive has both samples in one.
    expect(blocksOf(path)).toHaveLength(3);
    expect((await run(spec, again, "--blocks", "4")).code).toBe(0);
    for (const index of [0, 2]) rmSync(block(again, index));
    expect(await run(spec, again, "--resume")).toMatchObject({
      code: 0,
      err: expect.stringMatching(/finished, but without 2 of 3 blocks; computed again\n$/) as string,
    });
    expect(tables(again)).toEqual(tables(path));
  });

  test.each([
    ["down", [4, 2, 1]],
    ["up", [1, 2, 4]],
  ] as const)("walks %s", (direction, order) => {
    const [{ points }] = parseSweeps(
      { ...specification, axes: { beta: [2, 1, 4] }, continuation: { axis: "beta", direction } },
      "spec",
    );
    const walk: unknown[] = [];
    for (
      let at = points.findIndex(({ previous }) => previous === undefined);
      at >= 0;
      at = points.findIndex(({ previous }) => previous === at)
    ) {
      walk.push(points[at].values[0]);
    }
    expect(walk).toEqual(order);
  });
});

describe("refinement", () => {
  // One spin up and a field that turns it: a step at zero.
  const step = {
    ...specification,
    name: "step",
    system: {
      spins: { kind: "binary", count: 4 },
      beta: 50,
      couplings: { kind: "curie-weiss", mean: 0 },
      field: { kind: "constant", value: 0 },
    },
    axes: { "field.value": [-1, -0.5, 0.1, 0.7, 1.3] },
    refine: { axis: "field.value", observable: "magnetization", points: 1, rounds: 3 },
    samples: 1,
    observe: ["magnetization"],
  };

  test("halves the interval in which the step is", async () => {
    const { sweep: refined, rows } = await sweep(step);
    expect(refined.axes[0].values).toEqual([-1, -0.5, -0.2, -0.05, 0.025, 0.1, 0.7, 1.3]);
    expect(rows.map(({ observables }) => Math.sign(observables.magnetization ?? NaN))).toEqual([
      -1, -1, -1, -1, 1, 1, 1, 1,
    ]);
    expect(refined.points.map(({ round }) => round)).toEqual([0, 0, 0, 0, 0, 1, 2, 3]);
  });

  test("goes on where it was stopped, in any round", async () => {
    const spec = specify("step", step);
    const [path, again] = [join(folder, "step"), join(folder, "step stopped")];
    for (const out of [path, again]) expect((await run(spec, out, "--blocks", "5")).code).toBe(0);
    expect(blocksOf(path)).toHaveLength(8);
    for (const index of [1, 6]) rmSync(block(again, index));
    expect(await run(spec, again, "--resume")).toMatchObject({ code: 0 });
    expect(tables(again)).toEqual(tables(path));
    expect(readdirSync(join(again, "blocks"))).toHaveLength(8);
  });

  test("follows the variance over samples, and stops where nothing changes", async () => {
    const flat = { ...step, axes: { "field.value": [0.5, 0.7, 0.9] }, refine: { ...step.refine, by: "variance" } };
    const { sweep: refined } = await sweep({ ...flat, samples: 3 });
    expect(refined.axes[0].values).toEqual([0.5, 0.7, 0.9]);
  });
});

test("zip pairs its axes, and crosses the pairs with the others", async () => {
  const axes = { beta: [1, 2, 3], closure: ["naive", "tap"], "couplings.std": [0.1, 0.2, 0.3] };
  const { sweep: zipped, rows } = await sweep({ ...specification, axes, zip: [["couplings.std", "beta"]], samples: 2 });
  const pairs = [1, 2, 3].flatMap((beta) => ["naive", "tap"].map((closure) => [beta, closure, beta / 10]));
  expect(zipped.points.map(({ values }) => values)).toEqual(pairs);
  expect(zipped.points.map(({ system }) => system(0).beta)).toEqual([1, 1, 2, 2, 3, 3]);
  expect(rows).toHaveLength(12);
});
