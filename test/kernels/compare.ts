/**
 * Runs the cases of a kernel: the shader on the GPU in f32 and its twin in float64, from the same inputs, every element
 * of every output compared. Outputs start as NaN, so that an element that is not written shows, and one that must not be
 * written too.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Slot, Stage, StageName } from "../../src/engine/executor.js";
import { GpuExecutor } from "../../src/engine/gpu-executor.js";
import type { GpuDevice } from "../../src/gpu/device.js";
import {
  denseKernels,
  fusedKernels,
  fusedStrategies,
  type FusedStrategy,
  type KernelTile,
  kernelVariant,
  type KernelVariant,
  precisionsOf,
  type StrategyKernel,
} from "../../src/kernels/strategies.js";
import { twins } from "../../src/reference/twins.js";
import { sharedDevice } from "../device.js";
import { type CaseArray, type KernelCase, kernelCases } from "../kernel-cases.js";
import { naiveF32 } from "./naive-f32.js";

type Arrays = Record<string, Float64Array>;
/** Arrays before a run. */
type Prepared = Readonly<Record<string, Float64Array | Uint32Array>>;
type Evaluation = (arrays: Arrays, params: object, constants: object) => void;

/** Half of this is the error of one rounding. */
const UNIT_IN_THE_LAST_PLACE = 2 ** -23;

/**
 * Tests every case of a kernel on the GPU, by every strategy of f32; one that cannot run here says why.
 * @param tiles of a kernel without strategies, which adapters like this one would not take
 */
export function compareWithTwin<K extends StageName>(kernel: K, tiles: readonly KernelTile[] = []): void {
  const hasStrategies = [...fusedKernels, ...denseKernels].includes(kernel as StrategyKernel);
  const ofSingles = fusedStrategies.filter((strategy) => precisionsOf(strategy).includes("f32"));
  const strategies = hasStrategies ? ofSingles : [undefined];
  const ways = strategies.map((strategy) => ({
    strategy,
    tile: undefined,
    title: [kernel, strategy].join(" ").trim(),
  }));
  const tiled = tiles.map((tile) => ({ strategy: undefined, tile, title: `${kernel} ${JSON.stringify(tile)}` }));
  describe.each<{ strategy: FusedStrategy | undefined; tile: KernelTile | undefined; title: string }>([
    ...ways,
    ...tiled,
  ])("$title", ({ strategy, tile, title }) => {
    const gpu = useGpu();
    test.for(kernelCases[kernel].map((kernelCase) => [kernelCase.name, kernelCase] as const))(
      "%s",
      async ([name, kernelCase], { skip }) => {
        const shape = shapeOf(kernel, kernelCase);
        const variant = strategy
          ? kernelVariant(kernel as StrategyKernel, strategy, gpu().traits, shape)
          : tile && ({ kernel, strategy: "portable", precision: "f32", shader: kernel, tile } as KernelVariant);
        if (typeof variant === "string") return skip(`${title}: not run, because ${variant}`);
        const before = prepare(kernelCase);
        const actual = await runOnGpu(gpu(), kernel, kernelCase, before, variant);
        const failures = compare(kernel, kernelCase, before, actual);
        if (failures.length > 0) throw new Error(`${title}: ${name}\n${table(failures)}`);
      },
    );
  });
}

/** What a variant of a kernel depends on; the parameter `dimension` of `field-sphere` is D. */
function shapeOf(kernel: StageName, { params }: { readonly params: object }) {
  const { columns = 1, dimension = 1, ...rest } = params as Record<string, number | undefined>;
  const { components = kernel === "field-sphere" ? dimension : 1 } = rest;
  return { sites: columns, dimension, components };
}

/** The GPU executor of a block of tests; afterwards as many arrays are alive on the device as before. */
export function useGpu(): () => GpuExecutor {
  let device: GpuDevice;
  let executor: GpuExecutor;
  let before: number;
  beforeAll(async () => {
    device = await sharedDevice();
    before = device.stats().liveArrays;
    executor = new GpuExecutor(device, Infinity);
  });
  afterAll(() => {
    executor.free(executor.unread, executor.unwritten);
    expect(device.stats().liveArrays, "arrays alive after the tests").toBe(before);
  });
  return () => executor;
}

/** The arrays of a case before the run, with all inputs rounded to f32. */
export function prepare<K extends StageName>(kernelCase: KernelCase<K>): Prepared {
  return Object.fromEntries(
    entriesOf(kernelCase).map(([name, array]) => {
      if (array.role === "output") return [name, new Float64Array(array.length).fill(NaN)];
      return [name, array.values instanceof Uint32Array ? array.values : array.values.map(Math.fround)];
    }),
  );
}

/** The contents of every array after the shader has run. */
export async function runOnGpu<K extends StageName>(
  executor: GpuExecutor,
  kernel: K,
  { params, constants }: Pick<KernelCase<K>, "params" | "constants">,
  prepared: Prepared,
  variant?: KernelVariant,
): Promise<Arrays> {
  const slots = Object.fromEntries(
    Object.entries(prepared).map(([name, values]) => [name, executor.upload(name, values)]),
  );
  try {
    executor.run<K>({ kernel, arrays: slots as Stage<K>["arrays"], params, constants, ...(variant && { variant }) });
    const contents: Arrays = {};
    for (const [name, slot] of Object.entries<Slot>(slots)) contents[name] = await executor.read(slot);
    return contents;
  } finally {
    executor.free(...Object.values(slots));
  }
}

interface Failure {
  readonly output: string;
  /** First bad element. */
  readonly index: number;
  readonly got: number;
  readonly expected: number;
  readonly why: string;
  readonly error: number;
  readonly allowed: number;
  readonly bad: string;
}

function compare<K extends StageName>(
  kernel: K,
  kernelCase: KernelCase<K>,
  before: Prepared,
  actual: Arrays,
): Failure[] {
  const evaluate = (evaluation: Evaluation, change?: (value: number) => number): Arrays => {
    const arrays = Object.fromEntries(
      Object.entries(before).map(([name, values]) => [
        name,
        change ? new Float64Array(values).map(change) : new Float64Array(values),
      ]),
    );
    // The case was checked against this twin by the compiler; the lookup by name loses that.
    evaluation(arrays, roundedParams(kernelCase.params), kernelCase.constants as object);
    return arrays;
  };
  const twin = twins[kernel] as unknown as Evaluation;
  const expected = evaluate(twin);
  const outputs = entriesOf(kernelCase).flatMap(([name, array]) => (array.role === "input" ? [] : [{ name, array }]));
  const needs = (rule: string) => outputs.some(({ array }) => array.tolerance.rule === rule);
  const naive = needs("naive") ? evaluate(naiveF32[kernel] as unknown as Evaluation) : undefined;
  const wantsMagnitudes = outputs.some(
    ({ array }) => "unit" in array.tolerance && array.tolerance.unit === "magnitude",
  );
  const magnitudes = wantsMagnitudes ? evaluate(twin, Math.abs) : undefined;
  return outputs.flatMap(({ name, array }) =>
    compareOutput(name, array, {
      before: before[name],
      actual: actual[name],
      expected: expected[name],
      naive: naive?.[name],
      magnitudes: magnitudes?.[name],
    }),
  );
}

interface Contents {
  readonly before: ArrayLike<number>;
  readonly actual: Float64Array;
  readonly expected: Float64Array;
  readonly naive: Float64Array | undefined;
  readonly magnitudes: Float64Array | undefined;
}

function compareOutput(
  name: string,
  { content, tolerance }: Exclude<CaseArray, { role: "input" }>,
  { before, actual, expected, naive, magnitudes }: Contents,
): Failure[] {
  const unit = (index: number) => {
    if (tolerance.rule === "exact") return 1;
    return tolerance.unit === "magnitude" ? (magnitudes?.[index] ?? NaN) : tolerance.unit(index, expected[index]);
  };
  const errorOf = (value: number, index: number) => {
    const difference = Math.abs(value - expected[index]);
    return difference === 0 ? 0 : difference / unit(index);
  };
  let allowed = tolerance.rule === "budget" ? tolerance.allowed : 0;
  if (tolerance.rule === "naive" && naive !== undefined) {
    let worst = 0;
    naive.forEach((value, index) => {
      if (content(index) === "value") worst = Math.max(worst, errorOf(value, index));
    });
    allowed = 2 * worst + UNIT_IN_THE_LAST_PLACE;
  }
  let first: Omit<Failure, "bad" | "output" | "allowed"> | undefined;
  let bad = 0;
  const fail = (index: number, why: string, wanted: number, error: number) => {
    bad++;
    first ??= { index, got: actual[index], expected: wanted, why, error };
  };
  for (let index = 0; index < actual.length; index++) {
    const [got, wanted] = [actual[index], expected[index]];
    switch (content(index)) {
      case "unspecified":
        break;
      case "untouched":
        if (!Object.is(wanted, before[index])) fail(index, "the twin writes it", before[index], NaN);
        else if (!Object.is(got, before[index])) fail(index, "must stay as it was", before[index], NaN);
        break;
      case "zero":
        if (wanted !== 0) fail(index, "zero is promised, not by the twin", 0, NaN);
        else if (got !== 0) fail(index, "zero is promised", 0, Math.abs(got));
        break;
      case "value": {
        const error = tolerance.rule === "exact" ? Math.abs(got - Math.fround(wanted)) : errorOf(got, index);
        if (!Number.isFinite(wanted)) fail(index, "the twin gives no number", wanted, NaN);
        else if (!(error <= allowed)) fail(index, "differs", wanted, error);
      }
    }
  }
  return first === undefined ? [] : [{ output: name, ...first, allowed, bad: `${bad} of ${actual.length}` }];
}

/** What a uniform buffer holds: floats rounded to f32, counts as they are. */
function roundedParams(params: object): object {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      Number.isInteger(value) ? value : Math.fround(value as number),
    ]),
  );
}

function entriesOf<K extends StageName>(kernelCase: KernelCase<K>): [string, CaseArray][] {
  return Object.entries(kernelCase.arrays());
}

function table(failures: readonly Failure[]): string {
  const heads = ["output", "index", "got", "expected", "why", "error", "allowed", "bad"] as const;
  const rows = [
    heads.map(String),
    ...failures.map((failure) =>
      heads.map((head) => {
        const value = failure[head];
        return typeof value === "number" ? String(Number(value.toPrecision(9))) : value;
      }),
    ),
  ];
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join("  ")).join("\n");
}
