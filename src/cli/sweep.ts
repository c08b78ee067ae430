/** `onsager sweep SPEC --out DIR`: runs a specification and writes tables, figures and a manifest. */
import { dirname } from "node:path";
import type { DeviceDescription } from "../engine/executor.js";
import type { CouplingRequest } from "../engine/coupling-strategy.js";
import { openExecutor } from "../engine/devices.js";
import { readDocument } from "../files/documents.js";
import { arrayLoader } from "../verify/load-system.js";
import { OutputFolder } from "../files/output-folder.js";
import { runSweep, type SweepOutcome, type SweepVerification } from "../sweep/run.js";
import { parseSweeps } from "../sweep/spec.js";
import { describeStrategy } from "./text-layout.js";
import { isConverged, summariseRows, summaryTable } from "../sweep/tables.js";

export interface SweepCommandOptions extends CouplingRequest {
  readonly out: string;
  readonly replace: boolean;
  readonly select: string | undefined;
  readonly memoryLimit: number | undefined;
  readonly version: string;
  /** The command as it was typed, for the manifest. */
  readonly command: string;
  /** One line of text for people. */
  readonly print: (text: string) => void;
  readonly openProgress: (title: string) => { readonly update: (fraction: number) => void; readonly stop: () => void };
}

/** Exit code 0 if everything ran and was verified, 1 if a check failed, 3 if a point did not converge. */
export async function sweepCommand(path: string, options: SweepCommandOptions): Promise<number> {
  const document = await readDocument(path);
  const sweeps = parseSweeps(document, path);
  const folder = await OutputFolder.create(options.out, { replace: options.replace });
  const { print } = options;
  const load = arrayLoader(dirname(path));
  try {
    const executor = await openExecutor({ select: options.select, memoryLimit: options.memoryLimit });
    const outcomes: SweepOutcome[] = [];
    try {
      print(deviceLine(executor.device));
      for (const sweep of sweeps) {
        const progress = options.openProgress(sweep.name);
        try {
          const { strategy, precision } = options;
          const settings = { load, context: path, strategy, precision, progress: progress.update };
          outcomes.push(await runSweep(executor, sweep, settings));
        } finally {
          progress.stop();
        }
      }
      // Drawing takes a second to load; a run that failed before does not wait for it.
      const { writeOutcomes } = await import("../sweep/write.js");
      const { version, command } = options;
      await writeOutcomes(folder, outcomes, { version, command, document, device: executor.device });
    } finally {
      executor.dispose();
    }
    for (const outcome of outcomes) printOutcome(outcome, print);
    print(
      `\nwritten to ${options.out}: ${outcomes.length > 1 ? "a folder for each sweep, with " : ""}results.csv, ` +
        "summary.csv, manifest.json, plots/",
    );
    return exitCode(outcomes);
  } catch (error) {
    await folder.abandon();
    throw error;
  }
}

function exitCode(outcomes: readonly SweepOutcome[]): number {
  if (outcomes.some(({ verification }) => verification.some(({ pass }) => !pass))) return 1;
  return outcomes.some(({ rows }) => !rows.every(isConverged)) ? 3 : 0;
}

function deviceLine({ name, driver, precision, reason }: DeviceDescription): string {
  return `device ${name} (${driver}), ${precision}: ${reason}`;
}

function printOutcome(outcome: SweepOutcome, print: (text: string) => void): void {
  const { sweep, rows, verification, strategies, wallSeconds } = outcome;
  print(
    `\n${sweep.name}: ${sweep.points.length} points, ${rows.length} runs, seed ${sweep.seed}, ` +
      `${wallSeconds.toFixed(1)} s, ${strategies.map(describeStrategy).join(" and ")}`,
  );
  print(summaryTable(outcome, summariseRows(outcome)));
  for (const report of verification) print(verificationLine(outcome, report));
}

function verificationLine({ sweep }: SweepOutcome, report: SweepVerification): string {
  const { closure, point, rows, sites, maximumError, plainPrecision, plainMaximumError, allowed, pass } = report;
  const at = sweep.axes
    .flatMap(({ path }, k) => (path === "closure" ? [] : [`${path} ${sweep.points[point].values[k]}`]))
    .join(", ");
  return (
    `  verified ${closure} at ${at}: ${rows} of ${sites} rows in float64\n` +
    `    error ${maximumError.toExponential(1)}, plain ${plainPrecision} ${plainMaximumError.toExponential(1)}, ` +
    `allowed ${allowed.toExponential(1)}: ${pass ? "pass" : "FAIL"}`
  );
}
