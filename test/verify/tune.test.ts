/** The tuner, on whatever adapter there is: what may win, what may not, and that a failure costs a candidate alone. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GpuExecutor } from "../../src/engine/gpu-executor.js";
import { openDevice } from "../../src/gpu/adapters.js";
import { bucketOf, type Candidate, candidates, shapeOfBucket } from "../../src/kernels/candidates.js";
import { type FusedKernel, fusedKernels, kernelVariant } from "../../src/kernels/strategies.js";
import { chooseWinner, type MeasuredCandidate, tune, type TuningPlan } from "../../src/verify/tune.js";
import { sharedDevice } from "../device.js";

const BUCKET = { sites: 256, dimension: 16 };

let executor: GpuExecutor;

beforeAll(async () => {
  executor = new GpuExecutor(await sharedDevice(), Infinity);
});

afterAll(() => {
  expect(executor.liveSlots, "arrays alive after the tests").toBe(0);
});

/** The candidate that compiles the fastest: a software adapter takes seconds for others. */
const quickest: NonNullable<TuningPlan["candidatesOf"]> = (kernel, traits, shape) => {
  const all = candidates(kernel, traits, shape);
  const small = all.find(({ change }) => change.ROW_GROUPS === 1 && change.KEYS === 1);
  return [small ?? all[0]];
};

/** It in the place of the default, then what `spoil` makes of its tile. */
function defaultAndSpoiled(spoil: Readonly<Record<string, number>>): NonNullable<TuningPlan["candidatesOf"]> {
  return (kernel, traits, shape) => {
    const [preset] = quickest(kernel, traits, shape);
    return [preset, { ...preset, tile: { ...preset.tile, ...spoil }, change: spoil }];
  };
}

function tuneOne(kernel: FusedKernel, candidatesOf: NonNullable<TuningPlan["candidatesOf"]>, on = executor) {
  const plan = { kernels: [kernel], buckets: [BUCKET], candidatesOf, evenOnSoftware: true };
  return tune(on, plan).then(([result]) => result);
}

describe.each(fusedKernels)("%s", (kernel) => {
  test("a right candidate is timed, and one with wrong numbers is not", async () => {
    const { candidates, winner } = await tuneOne(kernel, defaultAndSpoiled({ LOG2_E: 1.5 }));
    const [preset, wrong] = candidates;
    expect(preset.rejected).toBeUndefined();
    expect(preset.medianMs).toBeGreaterThan(0);
    expect(wrong).toMatchObject({ medianMs: undefined, change: { LOG2_E: 1.5 } });
    expect(wrong.rejected).toMatch(/is off by .* allowed/);
    expect(winner).toBe(preset);
  });
});

test("a wrong default loses, too", async () => {
  const { candidates, winner } = await tuneOne("attention-field-sphere", (kernel, traits, shape) =>
    [...defaultAndSpoiled({ LOG2_E: 1.5 })(kernel, traits, shape)].reverse(),
  );
  expect(candidates[0].rejected).toMatch(/is off by/);
  expect(winner).toBe(candidates[1]);
});

test("a candidate that does not compile costs itself alone", async () => {
  const { candidates, winner } = await tuneOne("attention-field-sphere", defaultAndSpoiled({ NO_SUCH_NUMBER: 1 }));
  expect(candidates[1].rejected).toMatch(/NO_SUCH_NUMBER/);
  expect(winner).toBe(candidates[0]);
});

test("progress goes to the end, every result is told at once, and an interruption ends it all", async () => {
  const fractions: number[] = [];
  const told: unknown[] = [];
  const plan = {
    kernels: ["attention-field-binary"],
    buckets: [BUCKET],
    candidatesOf: quickest,
    evenOnSoftware: true,
    progress: (fraction) => void fractions.push(fraction),
    onResult: (result) => Promise.resolve(void told.push(result)),
  } satisfies TuningPlan;
  expect(await tune(executor, plan)).toEqual(told);
  expect(fractions).toEqual([0.5, 1]);
  const progress = () => {
    throw new Error("interrupted");
  };
  await expect(tune(executor, { ...plan, progress })).rejects.toThrow("interrupted");
});

test("a software adapter is refused in one line", async () => {
  const plan = { kernels: fusedKernels, buckets: [BUCKET] };
  const { name } = executor.device;
  await expect(tune(executor, plan)).rejects.toThrow(
    `tune: found ${name}, a software adapter, which has a fixed table and nothing to tune, expected a hardware adapter`,
  );
});

test("without timestamps nothing wins", async () => {
  const blind = await openDevice({ select: executor.device.name });
  const features = new Set([...blind.features].filter((feature) => feature !== "timestamp-query"));
  Object.defineProperty(blind, "features", { value: features });
  const untimed = new GpuExecutor(blind, Infinity);
  const result = await tuneOne("attention-field-binary", defaultAndSpoiled({ LOG2_E: 1.5 }), untimed);
  expect(result.candidates[0]).toMatchObject({
    medianMs: undefined,
    rejected: `${blind.adapter.name} has no timestamps`,
  });
  expect(result.winner).toBeUndefined();
  untimed.dispose();
});

describe("the winner", () => {
  const timed = (medianMs: number | undefined): MeasuredCandidate => {
    return { strategy: "portable", change: {}, tile: {}, medianMs, rejected: medianMs === undefined ? "" : undefined };
  };
  test.each([
    ["is the fastest", [10, 9.4, 9], 2],
    ["is the default, unless that is clearly beaten", [10, 9.6], 0],
    ["is another, where the default is wrong", [undefined, 12, 11], 2],
    ["is nobody, where nothing was timed", [undefined, undefined], -1],
  ] as const)("%s", (_title, times, winner) => {
    const measured = times.map(timed);
    expect(chooseWinner(measured)).toBe(measured[winner]);
  });
});

describe("candidates", () => {
  const roomy = { invocations: 1024, bytes: 49152 };
  const hardware = { software: false, subgroupSize: 32, workgroup: roomy };
  const shapes = [16, 64, 128].map((dimension) => ({ sites: 4096, dimension }));

  test.each(fusedKernels)("of %s are few, each once, and start with the default", (kernel) => {
    for (const bucket of shapes) {
      const shape = shapeOfBucket(kernel, bucket);
      const found = candidates(kernel, hardware, shape);
      const preset = kernelVariant(kernel, "portable", hardware, shape) as Candidate;
      expect(found[0]).toEqual({ ...preset, change: {} });
      expect(found.length).toBeGreaterThanOrEqual(5);
      expect(found.length).toBeLessThanOrEqual(12);
      expect(new Set(found.map(({ strategy, tile }) => JSON.stringify([strategy, tile]))).size).toBe(found.length);
      expect(new Set(found.map(({ strategy, change }) => JSON.stringify([strategy, change]))).size).toBe(found.length);
    }
  });

  test("ask for no more than a workgroup may have, nor for subgroups that are not there", () => {
    const shape = { sites: 4096, dimension: 64, components: 64 };
    const [few, many] = [undefined, roomy].map((workgroup) =>
      candidates(
        "attention-field-sphere",
        { software: false, subgroupSize: undefined, ...(workgroup && { workgroup }) },
        shape,
      ),
    );
    expect(few.length).toBeLessThanOrEqual(many.length);
    expect(many.every(({ strategy }) => strategy === "portable")).toBe(true);
    for (const { tile } of few) expect(tile.WORKGROUP_SIZE).toBeLessThanOrEqual(256);
    expect(candidates("attention-field-sphere", hardware, { ...shape, dimension: 300 })).toEqual([]);
  });

  test("a shape belongs to the smallest bucket that holds it", () => {
    const shape = { sites: 1000, dimension: 40, components: 1 };
    expect(bucketOf(shape)).toEqual({ sites: 1024, dimension: 64 });
    expect(bucketOf({ ...shape, components: 128 })).toEqual({ sites: 1024, dimension: 128 });
    expect(bucketOf({ ...shape, sites: 2 ** 20 })).toEqual({ sites: 65536, dimension: 64 });
    expect(bucketOf({ ...shape, dimension: 129 })).toBeUndefined();
  });
});
