/** The result of a run as JSON, as files and as text. */
import type { DeviceDescription } from "../engine/executor.js";
import type { RemovalResponse } from "../engine/removal.js";
import type { System } from "../engine/realise.js";
import type { PointResult } from "../engine/simulate.js";
import { type FloatType, writeNpy } from "../files/npy.js";
import type { OutputFolder } from "../files/output-folder.js";
import type { ClosureName } from "../physics/closures.js";
import { InputError } from "../physics/input-error.js";
import { observableOf, type ObservableName } from "../physics/observables.js";
import { COUNTER_LAYOUT } from "../reference/philox.js";
import type { LoadedSystem } from "../verify/load-system.js";
import type { VerificationReport } from "../verify/verify-step.js";
import { deviceLine, describeStrategy, labelled, table } from "./text-layout.js";
import { verificationTable } from "./verification-text.js";

/** Numbers of an array that JSON may hold; a longer array becomes a file. */
const LARGEST_INLINE = 1e6;

export interface RunOutcome {
  readonly path: string;
  readonly system: LoadedSystem;
  readonly closure: ClosureName;
  readonly steps: number | undefined;
  readonly point: PointResult;
  readonly removal: RemovalResponse | undefined;
  readonly verification: VerificationReport | undefined;
  readonly device: DeviceDescription;
  readonly version: string;
  readonly command: string;
}

interface NamedArray {
  readonly name: "magnetization" | "trajectory" | "couplings" | "correlations" | "delayed-correlations";
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/** [N], or [N][heads · D]. */
export function stateShape({ sites, heads, spins }: System): number[] {
  const width = heads * spins.components;
  return width === 1 ? [sites] : [sites, width];
}

/** @throws InputError if JSON would have to name a file and there is none */
export function checkSizes(
  system: System,
  asked: {
    json?: boolean;
    out?: string;
    steps?: number;
    trajectory?: boolean;
    couplings?: boolean;
    correlations?: boolean;
  },
): void {
  if (!asked.json || asked.out !== undefined) return;
  const count = stateShape(system).reduce((product, extent) => product * extent, 1);
  const sizes = [
    ["magnetization", count],
    ["trajectory", asked.trajectory ? count * (asked.steps ?? 0) : 0],
    ["couplings", asked.couplings ? system.heads * system.sites ** 2 : 0],
    ["correlations", asked.correlations ? system.heads * system.sites ** 2 : 0],
  ] as const;
  for (const [name, size] of sizes) {
    if (size <= LARGEST_INLINE) continue;
    throw new InputError("--json", `${size} numbers of ${name}`, `--out DIR, where more than ${LARGEST_INLINE} go`);
  }
}

function arraysOf({ system, point }: RunOutcome): NamedArray[] {
  const shape = stateShape(system);
  const { sites, heads } = system;
  const { state = new Float64Array(), trajectory, couplings, correlations } = point;
  const pairs = [heads, sites, sites];
  const arrays: NamedArray[] = [{ name: "magnetization", shape, values: state }];
  if (trajectory) {
    const values = new Float64Array(trajectory.length * state.length);
    trajectory.forEach((step, t) => values.set(step, t * state.length));
    arrays.push({ name: "trajectory", shape: [trajectory.length, ...shape], values });
  }
  if (couplings) arrays.push({ name: "couplings", shape: pairs, values: couplings });
  if (correlations?.equalTime) arrays.push({ name: "correlations", shape: pairs, values: correlations.equalTime });
  if (correlations) arrays.push({ name: "delayed-correlations", shape: pairs, values: correlations.delayed });
  return arrays;
}

/**
 * One JSON object, a key a line.
 * @param folder what to write before the name of a file
 */
export function runResult(outcome: RunOutcome, folder?: string): string {
  const { system, closure, steps, point, removal, verification, device, version } = outcome;
  const arrays = Object.fromEntries(
    arraysOf(outcome).map(({ name, shape, values }) => [
      name,
      values.length <= LARGEST_INLINE
        ? nested(values, shape)
        : `${folder === undefined ? "" : `${folder}/`}${name}.npy`,
    ]),
  );
  const { magnetization, ...more } = arrays;
  const result = {
    closure,
    steps: steps ?? null,
    status: point.status,
    residual: point.residual,
    innerResidual: point.innerResidual,
    iterations: point.iterations,
    magnetization,
    ...more,
    ...(point.correlations?.quadrature && { correlationQuadrature: point.correlations.quadrature }),
    observables: point.observables,
    strategy: point.strategy,
    device,
    seed: system.seed,
    version,
    ...(removal && {
      removal: {
        status: removal.remaining.status,
        residual: removal.remaining.residual,
        observables: removal.remaining.observables,
        changes: removal.changes,
        rmsChange: removal.rmsChange,
      },
    }),
    ...(verification && { verification }),
  };
  const lines = Object.entries(result).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(",\n")}\n}`;
}

/** Writes result.json and every array, and puts the folder in place. */
export async function writeRun(folder: OutputFolder, outcome: RunOutcome): Promise<void> {
  const { device, version, command, path, system } = outcome;
  // On a GPU every number is an f32, which the smaller type holds as it is.
  const type: FloatType = device.precision === "f32" ? "<f4" : "<f8";
  const arrays = arraysOf(outcome);
  for (const { name, shape, values } of arrays) await writeNpy(await folder.path(`${name}.npy`), shape, values, type);
  await folder.write("result.json", `${runResult(outcome)}\n`);
  await folder.commit({
    command,
    system: path,
    seed: system.seed,
    random: COUNTER_LAYOUT,
    version,
    device,
    written: new Date().toISOString(),
    files: ["result.json", ...arrays.map(({ name }) => `${name}.npy`)],
  });
}

export function describeRun(outcome: RunOutcome): string {
  const { path, system, closure, steps, point, removal, verification, device } = outcome;
  const { status, residual, innerResidual, iterations } = point;
  const lines = [
    labelled("system", `${path}: ${describeSystem(system)}`),
    labelled("closure", closure),
    deviceLine(device),
    labelled("strategy", describeStrategy(point.strategy)),
    labelled("seed", String(system.seed)),
    labelled("status", `${status} after ${iterations} ${steps === undefined ? "iterations" : "steps"}`),
    labelled("residual", `${residual.toExponential(2)}, the largest |G(m) - m| / R of a site`),
    ...(innerResidual > 0 ? [labelled("inner", `${innerResidual.toExponential(2)}, of the implicit equation`)] : []),
    "",
    table(
      Object.entries(point.observables).map(([name, value = NaN]) => [
        `${name}, ${observableOf(name as ObservableName).symbol}`,
        value.toPrecision(7),
      ]),
    ),
  ];
  if (removal) {
    const { remaining, changes, rmsChange } = removal;
    const changed = Object.entries(changes).map(([name, change = NaN]) => [`change of ${name}`, change.toPrecision(4)]);
    lines.push("", labelled("removal", `${remaining.status} without it`));
    lines.push(table([...changed, ["rms change of the others, |m|/R", rmsChange.toPrecision(4)]]));
  }
  if (verification) lines.push("", verificationTable(verification));
  return lines.join("\n");
}

export function describeSystem({ sites, heads, spins, beta, couplings, species }: System): string {
  const kind = spins.kind === "binary" ? "binary spins" : `sphere spins, D = ${spins.components}, ${spins.response}`;
  const headCount = heads === 1 ? "" : `, ${heads} heads`;
  const betas = species?.map(({ name, beta: own }) => `${own} (${name})`).join(", ") ?? beta;
  const masked = couplings.kind === "attention" && couplings.mask !== "none" ? ` (${couplings.mask} mask)` : "";
  return `N = ${sites} ${kind}${headCount}, ${couplingName(couplings)} couplings${masked}, β = ${betas}`;
}

function couplingName(couplings: System["couplings"]): string {
  if (couplings.kind !== "random") return couplings.kind;
  const { law, std, connectivity } = couplings;
  if (connectivity !== undefined) return `diluted ${law} (connectivity ${connectivity})`;
  // Realised, Curie-Weiss couplings are Gaussian ones without a spread.
  return law === "gaussian" && std === 0 ? "curie-weiss" : law;
}

export function nested(values: Float64Array, shape: readonly number[]): unknown[] {
  const [count, ...inner] = shape;
  const size = values.length / count;
  return Array.from({ length: count }, (_, k) => {
    const part = values.subarray(k * size, (k + 1) * size);
    return inner.length === 0 ? part[0] : nested(part, inner);
  });
}
