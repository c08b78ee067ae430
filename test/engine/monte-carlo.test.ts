/** Chains draw the same numbers alone and in a batch, with J whole and in blocks of rows, and on the GPU as in float64. */
import { describe, expect, test } from "vitest";
import { batchOf } from "../../src/engine/batch.js";
import type { System } from "../../src/engine/realise.js";
import { CHAIN_DEFAULTS, monteCarlo, type MonteCarloOptions } from "../../src/engine/monte-carlo.js";
import { InputError } from "../../src/physics/input-error.js";
import { chainKey, gaussianMatrix, STREAMS } from "../../src/reference/random.js";
import { verifySample } from "../../src/verify/verify-sample.js";
import { engine, openEngine, type Precision, precisions, realised, sharing, sideBySide } from "../oracles/engines.js";

const random = { kind: "gaussian" };
const attention = (rest: object) => ({ kind: "attention", dimension: 4, ...rest });
const weights = { weights: { query: random, key: random } };

const kinds: [string, object, object][] = [
  ["binary", { kind: "binary", count: 19 }, random],
  ["sphere", { kind: "sphere", count: 19, dimension: 5, response: "exact" }, random],
  ["attention", { kind: "sphere", count: 19, dimension: 4 }, attention({ queries: random, keys: random, heads: 2 })],
  ["attention from the state", { kind: "sphere", count: 9, dimension: 4 }, attention({ ...weights, source: "state" })],
];

const options = { ...CHAIN_DEFAULTS, chains: 6, burnIn: 2, steps: 4, observe: ["absolute-magnetization", "overlap"] };

async function systemsOf(spins: object, couplings: object): Promise<System[]> {
  const field = { kind: "gaussian", std: 0.3 };
  return Promise.all([0.4, 1.1, 2.6].map((beta) => realised({ spins, couplings, beta, field, seed: 2 })));
}

async function sampled(precision: Precision, batch: ReturnType<typeof batchOf>, points: readonly number[]) {
  const identity: MonteCarloOptions["identity"] = (group, replica) => ({
    seed: 3,
    point: points[group * batch.points[0].length + replica],
    sample: 1,
  });
  const settings = { ...options, identity } as MonteCarloOptions;
  return (await monteCarlo(await engine(precision), batch, settings)).flat();
}

describe.each(precisions)("%s", (precision) => {
  test.each(kinds)("%s: the same bits alone and in a batch", async (name, spins, couplings) => {
    const systems = await systemsOf(spins, couplings);
    const batch = name === "attention from the state" ? sideBySide(systems) : sharing(systems);
    const together = await sampled(precision, batch, [0, 1, 2]);
    for (const k of [0, 2]) {
      const [alone] = await sampled(precision, batchOf(systems[k]), [k]);
      expect(together[k].spins).toEqual(alone.spins);
      expect(together[k].state).toEqual(alone.state);
      expect(together[k].observables).toEqual(alone.observables);
    }
    const norms = together[1].spins.subarray(0, 4);
    expect(norms.every(Number.isFinite)).toBe(true);
  });
});

test("the same bits with J in blocks of rows", async () => {
  const system = await realised({ spins: { kind: "binary", count: 200 }, couplings: random, beta: 1.5, seed: 2 });
  const settings = { ...options, identity: () => ({ seed: 3, point: 0, sample: 0 }) } as MonteCarloOptions;
  const results = [];
  for (const memory of [undefined, 3e6]) {
    const executor = await openEngine("f64", memory);
    results.push((await monteCarlo(executor, batchOf(system), { ...settings, strategy: "stored" }))[0][0]);
    executor.dispose();
  }
  expect(results[1].spins).toEqual(results[0].spins);
  expect(results[1].state).toEqual(results[0].state);
});

test("the twin repeats a step of the GPU from its spins: one in 10^6 may differ", async () => {
  for (const [, spins, couplings] of kinds) {
    const system = (await systemsOf(spins, couplings))[1];
    const [result] = await sampled("f32", batchOf(system), [5]);
    const at = { identity: { seed: 3, point: 5, sample: 1 }, step: result.lastStep + 1 };
    const again = { ...system, initial: result.spins };
    const report = await verifySample(await engine("f32"), again, at, { rows: 19, seed: 1 });
    expect(report.pass, `${report.maximumError} of ${report.allowed}`).toBe(true);
    const wrong = { ...at, step: at.step + 1 };
    const other = await monteCarloStepDiffers(again, at, wrong);
    expect(other).toBe(true);
  }
});

/** A check that could not fail would say nothing: other counters give other spins. */
async function monteCarloStepDiffers(
  system: System,
  at: { identity: { seed: number; point: number; sample: number }; step: number },
  wrong: typeof at,
): Promise<boolean> {
  const executor = await engine("f64");
  const batch = batchOf(system);
  const drawn = async ({ identity, step }: typeof at) => {
    const settings = { ...options, start: "given", chains: 2, burnIn: step, steps: 1, observe: [] } as const;
    return (await monteCarlo(executor, batch, { ...settings, identity: () => identity }))[0][0].spins;
  };
  const [one, other] = [await drawn(at), await drawn(wrong)];
  return one.some((value, k) => value !== other[k]);
}

test("of a million Glauber spins, one at most differs between the shader and its twin", async () => {
  const [systems, sites] = [16, 65_536];
  const field = gaussianMatrix(systems, sites, { seed: 8, stream: STREAMS.field, sample: 0 }).map(Math.fround);
  const keys = Uint32Array.from({ length: systems }, (_, chain) => chain).reduce<number[]>(
    (all, chain) => [...all, ...chainKey({ seed: 8, point: 0, sample: 0, chain, head: 0 })],
    [],
  );
  const spinsOf = async (precision: Precision) => {
    const executor = await engine(precision);
    const slots = {
      externalField: executor.upload("x", new Float64Array(field.length)),
      field: executor.upload("field", field),
      betas: executor.upload("β", new Float64Array(field.length).fill(1)),
      chainKeys: executor.upload("keys", Uint32Array.from(keys)),
      spins: executor.allocate("spins", field.length),
      means: executor.allocate("means", field.length),
    };
    executor.run({ kernel: "binary-sample", arrays: slots, params: { systems, sites, step: 1 }, constants: {} });
    const spins = await executor.read(slots.spins);
    executor.free(...Object.values(slots));
    return spins;
  };
  const [exact, found] = [await spinsOf("f64"), await spinsOf("f32")];
  expect(exact.filter((spin, k) => spin !== found[k]).length).toBeLessThanOrEqual(1);
});

test("what chains have not is refused in one line", async () => {
  const system = (await systemsOf(kinds[1][1], kinds[1][2]))[0];
  const identity = () => ({ seed: 3, point: 0, sample: 0 });
  const ask = async (changes: object) =>
    monteCarlo(await engine("f64"), batchOf(system), { ...options, ...changes, identity } as MonteCarloOptions);
  await expect(ask({ observe: ["entropy-rate"] })).rejects.toThrow(InputError);
  await expect(ask({ observe: ["energy"] })).rejects.toThrow(/not symmetric/);
  await expect(ask({ thin: 9 })).rejects.toThrow(/thin: found 9/);
});
