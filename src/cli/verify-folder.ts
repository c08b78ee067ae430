/** `onsager verify DIR`: whether a sweep is whole, and whether some of its blocks come out the same once more. */
import { openExecutor } from "../engine/devices.js";
import type { Executor } from "../engine/executor.js";
import { InputError } from "../physics/input-error.js";
import { DEFAULT_VERIFY } from "../sweep/blocks.js";
import { sweepFolders } from "../sweep/folder/collection.js";
import { RunFolder } from "../sweep/folder/run-folder.js";
import { type BlockVerdict, type FolderVerification, verifyFolder } from "../sweep/verify-folder.js";
import { EXIT } from "./exit-codes.js";
import { openProgress } from "./progress.js";
import type { Session } from "./session.js";
import { deviceLine, labelled, table } from "./text-layout.js";
import { RANDOM_START } from "./verification-text.js";

export interface VerifyFolderOptions {
  /** Of the blocks that are computed again. */
  readonly share?: number;
  readonly seed?: number;
  readonly json?: boolean;
  readonly select: string | undefined;
  readonly memory: number;
  readonly version: string;
  /** The options that were typed. */
  readonly typed: readonly string[];
}

/** Options that mean something for a folder. */
const OPTIONS: readonly string[] = ["--share", "--seed", "--json", "--device", "--memory"];

/** A folder of which nothing can be read, and why. */
interface Unreadable {
  readonly folder: string;
  readonly fault: string;
  readonly pass: false;
}

type Report = FolderVerification | Unreadable;

const isUnreadable = (report: Report): report is Unreadable => !("verdicts" in report);

/** @returns 0 if all is well, 1 if anything fails, 3 if nothing does but blocks are missing */
export async function verifyFolderCommand(
  path: string,
  { share = DEFAULT_VERIFY, seed, select, memory, version, json = false, typed }: VerifyFolderOptions,
  session: Session,
): Promise<number> {
  const stray = typed.find((option) => !OPTIONS.includes(option));
  if (stray !== undefined) throw new InputError(stray, "the folder of a sweep", "a system file, for which it is");
  const reports: Report[] = [];
  let executor: Executor | undefined;
  const device = async () => {
    if (executor === undefined) {
      executor = await openExecutor({ select, memoryLimit: memory });
      (json ? session.note : session.print)(deviceLine(executor.device));
    }
    return executor;
  };
  try {
    for (const place of await sweepFolders(path)) {
      const progress = openProgress(session, "verification");
      const update = (fraction: number, block: number) => progress.update(fraction, `block ${block}`);
      try {
        const options = { version, share, seed, progress: update };
        reports.push(await verifyFolder(await RunFolder.read(place), device, options));
      } catch (error) {
        // An edited manifest, or a changed copy of an array: that is what is asked for.
        if (!(error instanceof InputError) || !error.where.startsWith(place)) throw error;
        reports.push({ folder: place, fault: error.message, pass: false });
      } finally {
        progress.stop();
      }
    }
  } finally {
    executor?.dispose();
  }
  if (json) session.print(JSON.stringify(reports.map(jsonOf), null, 2));
  else session.print(reports.map(describe).join("\n\n"));
  if (reports.some(({ pass }) => !pass)) return EXIT.fault;
  const isWhole = (report: Report) => isUnreadable(report) || (report.missing === 0 && !report.refining);
  return reports.every(isWhole) ? EXIT.done : EXIT.notConverged;
}

/** JSON has no infinities. */
const jsonOf = (report: Report) =>
  isUnreadable(report)
    ? report
    : {
        ...report,
        verdicts: report.verdicts.map((verdict) => ({
          ...verdict,
          difference: Number.isFinite(verdict.difference) ? verdict.difference : null,
          pass: verdict.fault === undefined,
        })),
      };

function describe(report: Report): string {
  if (isUnreadable(report)) return `${labelled("FAIL", report.fault)}`;
  const { name, folder, blocks, missing, refining, damaged, alteredTables, checks, verdicts, pass } = report;
  const { otherVersion } = report;
  const more = refining ? "; the next round of refinement is missing" : "";
  const tables = alteredTables === null ? "not compared: of the finished sweep only" : "what the blocks say";
  return [
    labelled(name, folder),
    labelled("files", `manifest whole, ${blocks} of ${blocks + missing} blocks whole${more}`),
    ...damaged.map(({ file, reason }) => labelled("FAIL", `${file}: found ${reason}`)),
    ...((alteredTables ?? []).length > 0
      ? [labelled("FAIL", `${alteredTables?.join(", ")}: not what the blocks say; report makes them again`)]
      : [labelled("tables", tables)]),
    labelled(checks.failed > 0 ? "FAIL" : "checks", `${checks.made} by the sweep in float64, ${checks.failed} failed`),
    ...(otherVersion === undefined
      ? []
      : [labelled("version", `begun with another one, ${otherVersion}: compared within rounding`)]),
    ...(verdicts.length > 0
      ? [table([["block", "closure", "rows", "compared", "float64", "verdict"], ...verdicts.map(lineOf)])]
      : []),
    ...verdicts.flatMap((verdict) => faultOf(verdict)),
    ...startNote(verdicts),
    pass ? (missing > 0 || refining ? "pass, of what there is" : "pass") : "FAIL",
  ].join("\n");
}

function startNote(verdicts: readonly BlockVerdict[]): string[] {
  const blocks = verdicts.filter(({ check }) => check?.start === "random").map(({ block }) => block);
  return blocks.length === 0 ? [] : [labelled("note", `float64 of block ${blocks.join(", ")} from ${RANDOM_START}`)];
}

function lineOf({ block, closure, rows, compared, difference, allowed, check, fault }: BlockVerdict): string[] {
  const number = (value: number) => (value === 0 ? "0" : value.toExponential(1));
  const how = compared === "bits" ? "bits" : `${number(difference)} of ${number(allowed)}`;
  const float64 = check ? `${number(check.maximumError)} of ${number(check.allowed)}` : "";
  return [String(block), closure, String(rows), how, float64, fault === undefined ? "pass" : "FAIL"];
}

function faultOf({ block, fault, difference, allowed, adapter, uncompared }: BlockVerdict): string[] {
  const by = `${adapter.name} (${adapter.driver}), ${adapter.precision}`;
  return [
    ...(fault === undefined
      ? []
      : [labelled("FAIL", `block ${block} of ${by}: ${fault}; difference ${difference}, allowed ${allowed}`)]),
    ...(uncompared > 0
      ? [labelled("note", `block ${block}: ${uncompared} numbers without error bars not compared`)]
      : []),
  ];
}
