/**
 * Times one step of the dynamics per closure and size: `npm run bench` (`ONSAGER_DEVICE` chooses the adapter).
 *
 * Nothing is timed before it is verified: each case first passes the float64 check of random rows. Software adapters
 * prove correctness; their times rank nothing but their own next run.
 */
import { Bench } from "tinybench";
import { BatchLayout, batchOf } from "../src/engine/batch.js";
import { openExecutor } from "../src/engine/devices.js";
import { realise } from "../src/engine/realise.js";
import { TimeStep } from "../src/engine/time-step.js";
import type { ClosureName } from "../src/physics/closures.js";
import { parseSystem } from "../src/physics/system.js";
import { verifyStep } from "../src/verify/verify-step.js";

interface StepCase {
  readonly name: string;
  readonly sites: number;
  readonly closure: ClosureName;
  readonly system: Readonly<Record<string, unknown>>;
}

const binary = (sites: number) => ({
  spins: { kind: "binary", count: sites },
  couplings: { kind: "gaussian", mean: 1, std: 0.5 },
  initial: { kind: "uniform", halfWidth: 0.9 },
});
const attention = (sites: number, dimension: number) => ({
  spins: { kind: "sphere", count: sites, dimension },
  couplings: {
    kind: "attention",
    queries: { kind: "gaussian" },
    keys: { kind: "gaussian" },
    scale: 1 / Math.sqrt(dimension),
  },
  initial: { kind: "direction", norm: 0.5 },
});

const cases: StepCase[] = [
  ...[512, 2048].flatMap((sites) =>
    (["naive", "tap"] as const).map((closure) => ({ name: "binary gaussian", sites, closure, system: binary(sites) })),
  ),
  ...[512, 2048].flatMap((sites) =>
    (["naive", "onsager"] as const).map((closure) => ({
      name: "sphere attention, d = 64",
      sites,
      closure,
      system: attention(sites, 64),
    })),
  ),
];

const executor = await openExecutor({ select: process.env.ONSAGER_DEVICE });
const { name, driver, kind, precision } = executor.device;
console.log(`${name} (${driver}, ${kind}, ${precision}), Node.js ${process.version}, ${new Date().toISOString()}\n`);
console.log("| system | N | closure | error / allowed | median ms a step | fastest |\n|---|---|---|---|---|---|");
for (const { name, sites, closure, system: input } of cases) {
  const noFiles = () => Promise.reject(new Error("no files here"));
  const system = await realise(parseSystem(input, name), noFiles, name);
  const report = await verifyStep(executor, system, closure, { rows: 16, seed: 1 });
  if (!report.pass) throw new Error(`${name}, N = ${sites}, ${closure}: error ${report.maximumError}, not timed`);
  const layout = new BatchLayout(batchOf(system));
  const step = new TimeStep(executor, layout, closure, 0);
  const states = [0, 1].map(() =>
    executor.upload(
      "state",
      layout.pack((point) => point.initial),
    ),
  );
  let t = 0;
  const bench = new Bench({ time: 1500, iterations: 5, warmupIterations: 2 });
  bench.add(name, async () => {
    step.record(states[t % 2], states[++t % 2]);
    await executor.flush(true);
  });
  const [task] = await bench.run();
  if (task.result.state !== "completed") throw new Error(`${name}: ${task.result.state}`);
  const { p50, min } = task.result.latency;
  const error = `${report.maximumError.toExponential(1)} / ${report.allowed.toExponential(1)}`;
  console.log(`| ${name} | ${sites} | ${closure} | ${error} | ${p50.toFixed(2)} | ${min.toFixed(2)} |`);
  step.dispose();
  executor.free(...states);
}
executor.dispose();
