/**
 * Suite `steps`: one step of the dynamics per closure and size with couplings that stay as they are, held as the engine
 * holds them by default, and what they save (`frozen.ts`).
 *
 * Nothing is timed before it is verified: each case first passes the float64 check of random rows. Software adapters
 * prove correctness; their times rank nothing but their own next run.
 */
import { Bench } from "tinybench";
import { BatchLayout, batchOf } from "../src/engine/batch.js";
import type { Executor } from "../src/engine/executor.js";
import type { System } from "../src/engine/realise.js";
import { TimeStep } from "../src/engine/time-step.js";
import type { ClosureName } from "../src/physics/closures.js";
import { verifyStep } from "../src/verify/verify-step.js";
import { drawStepCase, type StepCaseName, stepCases } from "../test/step-cases.js";
import { runFrozen } from "./frozen.js";
import { digits, markdownTable, type Row, type SuiteOutcome } from "./rows.js";

interface MeasuredStep {
  readonly name: StepCaseName;
  readonly sites: number;
  /** Components of a spin. */
  readonly dimension: number;
}

const SIZES = [512, 2048];
const measured: readonly MeasuredStep[] = [
  ...SIZES.map((sites) => ({ name: "binary gaussian", sites, dimension: 1 }) as const),
  ...SIZES.map((sites) => ({ name: "sphere attention", sites, dimension: 64 }) as const),
];
const cases = measured.flatMap((each) => stepCases[each.name].closures.map((closure) => ({ ...each, closure })));

export async function runSteps(executor: Executor, progress: (line: string) => void): Promise<SuiteOutcome> {
  const rows: Row[] = [];
  const failures: string[] = [];
  const lines: string[][] = [];
  for (const { name, sites, dimension, closure } of cases) {
    const where = `steps, ${name}, ${closure}, N = ${sites}`;
    progress(where);
    const system = await drawStepCase(name, sites, dimension);
    const { pass, maximumError, allowed } = await verifyStep(executor, system, closure, { rows: 16, seed: 1 });
    const error = `${maximumError.toExponential(1)} / ${allowed.toExponential(1)}`;
    if (!pass) {
      failures.push(`${where}: error / allowed is ${error}, not timed`);
      continue;
    }
    const { p50, p75, min } = await timeStep(executor, system, closure);
    rows.push({
      suite: "steps",
      case: `${name}, ${closure}`,
      n: sites,
      d: dimension,
      contestant: "onsager",
      adapter: executor.device.name,
      precision: executor.device.precision,
      medianMs: p50,
      gflops: (2 * sites * sites * dimension) / p50 / 1e6, // J m alone
      error: maximumError,
      skipped: null,
      p75Ms: p75,
      fastestMs: min,
    });
    lines.push([name, String(sites), String(dimension), closure, error, digits(p50), digits(min)]);
  }
  const header = ["system", "N", "d", "closure", "error / allowed", "median ms", "fastest"];
  const frozen = await runFrozen(executor, progress);
  return {
    rows: [...rows, ...frozen.rows],
    text: `### one step\n\n${markdownTable(header, lines)}\n\n${frozen.text}`,
    failures: [...failures, ...frozen.failures],
  };
}

async function timeStep(executor: Executor, system: System, closure: ClosureName) {
  const layout = new BatchLayout(batchOf(system));
  const step = new TimeStep(executor, layout, { closure, callerBytes: 0 });
  const states = [0, 1].map(() =>
    executor.upload(
      "state",
      layout.pack((point) => point.initial),
    ),
  );
  let t = 0;
  const bench = new Bench({ time: 1500, iterations: 5, warmupIterations: 2 });
  bench.add("step", async () => {
    step.record(states[t % 2], states[++t % 2]);
    await executor.flush(true);
  });
  const [task] = await bench.run();
  step.dispose();
  executor.free(...states);
  if (task.result.state === "errored") throw task.result.error;
  if (task.result.state !== "completed") throw new Error(`a step was not timed: ${task.result.state}`);
  return task.result.latency;
}
