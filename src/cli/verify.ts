/** `onsager verify`: one step on the device, or the user's own numbers, against float64 on random rows; or a sweep. */
import { stat } from "node:fs/promises";
import type { CouplingRequest } from "../engine/coupling-strategy.js";
import { openExecutor } from "../engine/devices.js";
import type { System } from "../engine/realise.js";
import { readNpy } from "../files/npy.js";
import { type ClosureName, momentRule } from "../physics/closures.js";
import { InputError } from "../physics/input-error.js";
import { attentionSystem, loadSystem } from "../verify/load-system.js";
import { type VerificationOptions, type VerificationReport, verifyResult, verifyStep } from "../verify/verify-step.js";
import { EXIT } from "./exit-codes.js";
import { openProgress } from "./progress.js";
import { describeSystem } from "./run-result.js";
import type { Session } from "./session.js";
import { deviceLine, labelled } from "./text-layout.js";
import { verificationTable } from "./verification-text.js";
import { verifyFolderCommand, type VerifyFolderOptions } from "./verify-folder.js";

export interface VerifyCommandOptions extends CouplingRequest, VerifyFolderOptions {
  readonly closure: ClosureName;
  readonly attention?: boolean;
  readonly n?: number;
  readonly d?: number;
  readonly causal?: boolean;
  readonly scale?: number;
  readonly rows: number;
  readonly against?: string;
  readonly version: string;
}

/** @returns the exit code */
export async function verifyCommand(
  path: string | undefined,
  options: VerifyCommandOptions,
  session: Session,
): Promise<number> {
  const found = path === undefined ? undefined : await stat(path).catch(() => undefined);
  if (path !== undefined && found?.isDirectory()) return verifyFolderCommand(path, options, session);
  const { closure, rows, against, strategy, precision, version } = options;
  if (options.share !== undefined)
    throw new InputError("--share", "no folder of a sweep", "one, whose blocks it counts");
  if (path !== undefined && found === undefined) {
    throw new InputError(path, "no such file or folder", "a system file, YAML or JSON, or the folder of a sweep");
  }
  if (against !== undefined && precision !== undefined) {
    throw new InputError("--precision", `${precision} for the numbers of --against`, "one of the two");
  }
  const start = performance.now();
  const system = await chosenSystem(path, options);
  const rule = momentRule(closure, system.spins);
  if (typeof rule !== "string") throw new InputError("--closure", rule.found, rule.expected);
  const result = against === undefined ? undefined : await readResult(against, system);

  const progress = openProgress(session, "verification");
  let report: VerificationReport;
  let device: unknown = null;
  try {
    const settings = { rows, seed: options.seed ?? system.seed, strategy, precision, progress: progress.update };
    if (result !== undefined) report = verifyResult(result, against ?? "", system, closure, settings);
    else ({ report, device } = await verifyOnDevice(system, options, settings, session));
  } finally {
    progress.stop();
  }

  if (options.json) {
    session.print(JSON.stringify({ closure, ...report, device, version }, null, 2));
  } else {
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const name = path ?? "random attention";
    session.print(
      `${labelled("system", `${name}: ${describeSystem(system)}`)}\n${verificationTable(report)}, ${seconds} s`,
    );
  }
  return report.pass ? EXIT.done : EXIT.fault;
}

async function chosenSystem(
  path: string | undefined,
  { attention, n, d, causal, scale, seed = 0, memory }: VerifyCommandOptions,
): Promise<System & { readonly seed: number }> {
  if (!attention) {
    if (path === undefined) throw new InputError("SYSTEM", "nothing", "a system file, or --attention --n N --d D");
    const stray = Object.entries({ n, d, scale, causal }).find(([, value]) => value !== undefined);
    if (stray) throw new InputError(`--${stray[0]}`, "a system file", "--attention, whose shape it sets");
    return loadSystem(path, { memoryLimit: memory });
  }
  if (path !== undefined) throw new InputError("--attention", `the system file ${path}`, "one of the two");
  if (n === undefined || d === undefined) {
    throw new InputError("--attention", `no ${n === undefined ? "--n" : "--d"}`, "--n N and --d D");
  }
  return attentionSystem({ sites: n, dimension: d, causal: causal ?? false, scale, seed, memoryLimit: memory });
}

async function verifyOnDevice(
  system: System,
  { closure, select, memory, json }: VerifyCommandOptions,
  settings: VerificationOptions,
  session: Session,
) {
  const executor = await openExecutor({ select, memoryLimit: memory });
  try {
    const { device } = executor;
    if (json) session.note(deviceLine(device));
    else if (device.kind === "cpu" && select === undefined) session.note(`onsager: ${device.reason}`);
    return { report: await verifyStep(executor, system, closure, settings), device };
  } finally {
    executor.dispose();
  }
}

/** The user's m(1); numbers that are not finite stay, since finding them is what a check is for. */
async function readResult(path: string, { sites, heads, spins }: System): Promise<Float64Array> {
  const { shape, values } = await readNpy(path);
  const width = heads * spins.components;
  const [rows, columns = 1] = shape;
  if (shape.length < 1 || shape.length > 2 || rows !== sites || columns !== width) {
    throw new InputError(path, `shape [${shape.join(", ")}]`, width === 1 ? `[${sites}]` : `[${sites}, ${width}]`);
  }
  return values;
}
