/** `onsager sweep SPEC --out DIR`: runs a specification, block by block, into a folder that can be gone on with. */
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { CouplingRequest } from "../engine/coupling-strategy.js";
import { readDocument } from "../files/documents.js";
import { settleSites, sizeBlocks } from "../sweep/blocks.js";
import { beginRun, howToBegin } from "../sweep/folder/begin.js";
import { beginCollection } from "../sweep/folder/collection.js";
import { tilesOf } from "../sweep/folder/adapter-tiles.js";
import type { Shard } from "../sweep/folder/manifest.js";
import { isOfShard, outcomeOf } from "../sweep/folder/outcome.js";
import type { RunFolder } from "../sweep/folder/run-folder.js";
import { cachedLoader, completeSweep, type SweepOutcome, type SweepVerification } from "../sweep/run.js";
import { type AxisValue, parseSweeps, type Sweep } from "../sweep/spec.js";
import { mixingNote } from "../sweep/mixing.js";
import { isConverged, summariseRows, summaryTable } from "../sweep/tables.js";
import { arrayLoader } from "../verify/load-system.js";
import { type Computing, type ComputingOptions, openComputing } from "./computing.js";
import { EXIT } from "./exit-codes.js";
import { openProgress } from "./progress.js";
import { Interrupted, type Session } from "./session.js";
import { describeStrategy, labelled } from "./text-layout.js";

export interface SweepCommandOptions extends CouplingRequest, ComputingOptions {
  readonly out: string;
  readonly resume?: boolean;
  readonly replace?: boolean;
  /** Blocks to cut it into, at least. */
  readonly blocks?: number;
  /** Share of the blocks that is checked in float64. */
  readonly verify?: number;
  readonly shard?: Shard;
  /** The command as it was typed, for the manifest. */
  readonly command: string;
}

/** A sweep in the folder it is worked on in. */
interface Opened {
  readonly sweep: Sweep;
  readonly folder: RunFolder;
}

/**
 * Exit code 0 if everything ran and was verified, 1 if a check failed, 3 if a point did not converge.
 * @param open who computes; as the options say unless given
 */
export async function sweepCommand(
  path: string,
  options: SweepCommandOptions,
  session: Session,
  open: typeof openComputing = openComputing,
): Promise<number> {
  const document = await readDocument(path);
  const sweeps = parseSweeps(document, path);
  const { resume = false, replace = false, out, version, strategy, precision, shard } = options;
  const placeOf = ({ name }: Sweep) => (sweeps.length > 1 ? join(out, name) : out);
  // Everything that can be refused is, before a device is opened.
  for (const sweep of sweeps) await howToBegin({ path: placeOf(sweep), resume, replace });
  if (sweeps.length > 1)
    await beginCollection(
      out,
      sweeps.map(({ name }) => name),
    );
  const load = cachedLoader(arrayLoader(dirname(path)));
  let opened: Computing | undefined;
  const computing = async () => (opened ??= await open(options, session));
  const release = session.holdInterruption();
  const codes: number[] = [];
  try {
    for (const sweep of sweeps) {
      const base = dirname(path);
      const begin = { sweep, path: placeOf(sweep), base, resume, replace };
      const request = { ...begin, version, verify: options.verify, shard, strategy, precision };
      const folder = await beginRun(request, async () => {
        const sites = await settleSites(sweep, load, path);
        const { device, workers } = await computing();
        return sizeBlocks(sweep, sites, device, { ...options, workers });
      });
      try {
        codes.push(await work({ sweep, folder }, path, computing, options, session));
      } catch (error) {
        if (!(error instanceof Interrupted)) await folder.abandon().catch(() => undefined);
        throw error;
      } finally {
        await folder.close();
      }
    }
  } finally {
    release();
    await opened?.close();
  }
  return [EXIT.fault, EXIT.notConverged].find((code) => codes.includes(code)) ?? EXIT.done;
}

async function work(
  { sweep, folder }: Opened,
  context: string,
  computing: () => Promise<Computing>,
  options: SweepCommandOptions,
  session: Session,
): Promise<number> {
  const { print } = session;
  for (const { file, reason } of folder.damaged)
    session.note(`onsager: ${file}: found ${reason}; set aside and computed again`);
  if (folder.manifest.outcome) {
    const { blocks, planned } = await outcomeOf(folder);
    if (blocks === planned) {
      print(`${sweep.name}: finished already, in ${folder.path}`);
      return EXIT.done;
    }
    const missing = `${planned - blocks} of ${planned} blocks`;
    if (folder.damaged.length === 0) {
      session.note(`onsager: ${folder.path}: finished, but without ${missing}; computed again`);
    }
  }
  const { manifest, load } = folder;
  const { sizing, shard } = manifest;
  const { who, runner, tiles } = await computing();
  // Parts are computed by machines that know nothing of each other, and may be tuned differently.
  const own = tiles && (shard ? { ...tiles, choices: [] } : tiles);
  await folder.join({ command: options.command, started: new Date().toISOString(), ...who }, own);
  if (tiles && !isDeepStrictEqual(tilesOf(folder.manifest.tiles, tiles.adapter), tiles.choices)) {
    session.note(
      `onsager: ${folder.path}: ` +
        (shard ? "parts of a sweep take the default tiles" : "goes on with the tiles it was begun with") +
        ", not those of the tuning cache",
    );
  }
  const progress = openProgress(session, sweep.name, { interruptible: false });
  const { interruption } = session;
  let outcome: SweepOutcome;
  try {
    outcome = await completeSweep(sweep, folder, runner(folder, context), {
      load,
      context,
      sizing,
      stop: interruption,
      isOurs: isOfShard(shard),
      progress: (fraction, block) => progress.update(fraction, block && placeOfBlock(sweep, block.walks[0][0].point)),
    });
  } finally {
    progress.stop();
  }
  if (interruption.aborted) {
    session.note(
      `onsager: stopped with ${outcome.blocks} of ${outcome.planned} blocks finished; to go on:\n  ${resumeCommand(options)}`,
    );
    throw interruption.reason instanceof Interrupted
      ? new Interrupted(interruption.reason.exitCode, true)
      : interruption.reason;
  }
  // Drawing takes a second to load; a run that failed before does not wait for it.
  const { writeTables, describeOutcome } = await import("../sweep/write.js");
  if (shard) {
    await folder.finish(describeOutcome(outcome));
    print(
      `${sweep.name}: part ${shard.index} of ${shard.count} is finished, in ${folder.path}: ${outcome.blocks} blocks`,
    );
    const failed = outcome.verification.filter(({ pass }) => !pass);
    for (const report of failed) print(verificationLine(outcome, report));
    return failed.length > 0 ? EXIT.fault : EXIT.done;
  }
  const { scaling, figures } = await writeTables(folder, outcome);
  await folder.finish(describeOutcome(outcome));
  printOutcome(outcome, print);
  for (const line of scaling) print(labelled("scaling", line, 2));
  const plots = figures > 0 ? "plots/" : "and no figure, for want of an axis of numbers";
  print(
    `\nwritten to ${folder.path}: report.html, results and summary as .csv and .parquet,\n  manifest.json, ${plots}`,
  );
  return exitCode(outcome);
}

/** The same command, to be typed again. */
function resumeCommand({ command, resume }: SweepCommandOptions): string {
  return resume ? command : `${command.replace(/ --replace\b/, "")} --resume`;
}

function placeOfBlock({ axes, points }: Sweep, point: number): string {
  const values = points[point]?.values ?? [];
  return axes.map(({ path }, k) => (path === "closure" ? String(values[k]) : `${path} ${values[k]}`)).join(", ");
}

function exitCode({ rows, verification }: SweepOutcome): number {
  if (verification.some(({ pass }) => !pass)) return EXIT.fault;
  return rows.every(isConverged) ? EXIT.done : EXIT.notConverged;
}

function printOutcome(outcome: SweepOutcome, print: (text: string) => void): void {
  const { sweep, rows, verification, strategies, computingSeconds, blocks } = outcome;
  print(
    `\n${sweep.name}: ${sweep.points.length} points, ${rows.length} runs in ${blocks} block${blocks > 1 ? "s" : ""}, ` +
      `seed ${sweep.seed}, ${computingSeconds.toFixed(1)} s,\n  ${strategies.map(describeStrategy).join(" and ")}`,
  );
  print(summaryTable(outcome, summariseRows(outcome)));
  const note = mixingNote(sweep, rows);
  if (note !== undefined) print(labelled("mixing", note, 2));
  for (const report of verification) print(verificationLine(outcome, report));
}

const shortNumber = (value: AxisValue) => (typeof value === "number" ? Number(value.toPrecision(6)) : value);

function verificationLine({ sweep }: SweepOutcome, report: SweepVerification): string {
  const { closure, point, rows, sites, maximumError, plainPrecision, plainMaximumError, allowed, pass } = report;
  const at = sweep.axes
    .flatMap(({ path }, k) => (path === "closure" ? [] : [`${path} ${shortNumber(sweep.points[point].values[k])}`]))
    .join(", ");
  return (
    `  verified ${closure}${at === "" ? "" : ` at ${at}`}: ${rows} of ${sites} rows in float64\n` +
    `    error ${maximumError.toExponential(1)}, plain ${plainPrecision} ${plainMaximumError.toExponential(1)}, ` +
    `allowed ${allowed.toExponential(1)}: ${pass ? "pass" : "FAIL"}`
  );
}
