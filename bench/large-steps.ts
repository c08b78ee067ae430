/** One step of a whole system at large N, on a device of its own: its time, its buffers, and random rows in float64. */
import { BatchLayout, batchOf } from "../src/engine/batch.js";
import { GpuExecutor } from "../src/engine/gpu-executor.js";
import type { System } from "../src/engine/realise.js";
import { TimeStep } from "../src/engine/time-step.js";
import type { ClosureName } from "../src/physics/closures.js";
import { verifyResult } from "../src/verify/verify-step.js";
import { drawStepCase, type StepCaseName, stepCases } from "../test/step-cases.js";
import type { BenchAdapter } from "./adapter.js";
import type { RaceOutcome } from "./attention-field.js";
import { attentionFlops, compulsoryBytes } from "./problem.js";
import { digits, type Row } from "./rows.js";

/** Checked in float64 and in plain f32, at a cost of N d each. */
const CHECK = { rows: 8, seed: 1 };

export interface LargeStep {
  readonly name: StepCaseName;
  readonly closure: ClosureName;
  readonly n: number;
  /** Components of a spin. */
  readonly d: number;
}

export const largeStepCase = ({ name, closure }: LargeStep) => `${name}, ${closure}`;

export function skippedStep(suite: string, step: LargeStep, adapter: string, skipped: string): Row {
  const nothing = { medianMs: null, gflops: null, error: null, skipped };
  const { n, d } = step;
  return { suite, case: largeStepCase(step), n, d, contestant: "onsager", adapter, precision: "f32", ...nothing };
}

export async function measureLargeStep(
  suite: string,
  step: LargeStep,
  adapter: BenchAdapter,
  progress: (line: string) => void,
): Promise<RaceOutcome> {
  const { name, closure, n, d } = step;
  const where = `${suite}, ${largeStepCase(step)}, N = ${n}, d = ${d}`;
  const start = performance.now();
  progress(`${where}: drawing the system`);
  const system = await drawStepCase(name, n, d);
  progress(`${where}: computing one step`);
  const { values, wallMs, strategy, peakBytes } = await computeStep(step, system, adapter);
  progress(`${where}: one step took ${digits(wallMs / 1000)} s; ${CHECK.rows} rows in float64`);
  const { pass, maximumError, allowed } = verifyResult(values, adapter.report.name, system, closure, CHECK);
  const cost = { deviceMs: wallMs, hostMs: performance.now() - start - wallMs, fixedMs: 0 };
  if (!pass) {
    const reason = `error ${maximumError.toExponential(1)}, allowed ${allowed.toExponential(1)}`;
    return { rows: [skippedStep(suite, step, adapter.report.name, reason)], failures: [`${where}: ${reason}`], cost };
  }
  const drawn = name === "procedural gaussian";
  const row: Row = {
    ...skippedStep(suite, step, adapter.report.name, ""),
    strategy,
    medianMs: wallMs,
    rounds: 1,
    gflops: (drawn ? 2 * n * n * d : attentionFlops(step)) / wallMs / 1e6, // J m, and the scores of attention
    error: maximumError,
    skipped: null,
    peakBytes,
    ...(drawn ? { entriesPerSecond: (1000 * n * n) / wallMs } : { gbps: compulsoryBytes(step) / wallMs / 1e6 }),
    note: `one run, compilation left out; ${CHECK.rows} rows verified, allowed ${allowed.toExponential(1)}`,
  };
  return { rows: [row], failures: [], cost };
}

async function computeStep({ name, closure }: LargeStep, system: System, adapter: BenchAdapter) {
  const layout = new BatchLayout(batchOf(system));
  const length = layout.systems * layout.stateLength;
  const gpu = await adapter.openGpu();
  const executor = new GpuExecutor(gpu, Infinity);
  try {
    const { strategy } = stepCases[name];
    const callerBytes = 2 * length * executor.elementBytes;
    const step = new TimeStep(executor, layout, { closure, callerBytes, strategy });
    const state = executor.upload(
      "state",
      layout.pack((point) => point.initial),
    );
    const image = executor.allocate("image", length);
    step.record(state, image);
    const { wallMs } = await executor.measure();
    const values = layout.unpack(await executor.read(image), 0, 0);
    return { values, wallMs, strategy: step.couplings.report.name, peakBytes: gpu.stats().peakBytes };
  } finally {
    executor.dispose();
  }
}
