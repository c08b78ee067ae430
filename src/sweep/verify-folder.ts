/**
 * The check of a sweep after the fact: a random share of its blocks is computed again, on whatever device is at hand, and
 * compared with what the folder holds.
 *
 * The same adapter gives the same bits, as long as the package is the same. Another one rounds otherwise, and how far that carries is a property of the dynamics:
 * not at all at a stable state, without bound where it is chaotic. So the yardstick is measured, not assumed: the block is run
 * once more with every β larger by a share η, which changes each field at each step by about as much as rounding does, and an
 * observable may differ by twice what that does to it anywhere in the block, plus 2 η in its own units. η is four times the
 * rounding √N u of a sum of N terms, or the residual that is left of the equations where that is larger. Chains take another
 * path after one rounding: they have to agree within four standard errors.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { CouplingRequest, StrategyReport } from "../engine/coupling-strategy.js";
import type { Executor } from "../engine/executor.js";
import { csvPieces } from "../files/csv.js";
import { type MethodName, MONTE_CARLO } from "../physics/closures.js";
import type { SystemDescription } from "../physics/system.js";
import { type Block, chooseChecks, planBlocks, settleSites } from "./blocks.js";
import { tilesOf } from "./folder/adapter-tiles.js";
import { type AdapterName, adapterOf, type BlockRecord, decodeBlock, encodeBlock } from "./folder/block-record.js";
import { isOfShard, outcomeOf } from "./folder/outcome.js";
import type { DamagedBlock, RunFolder } from "./folder/run-folder.js";
import { type BlockContext, type ResultRow, runBlock, type SweepVerification } from "./run-block.js";
import { expand, type Sweep } from "./spec.js";
import { resultColumns, summariseRows, summaryColumns } from "./tables.js";

/** Half a unit in the last place. */
const ROUNDING: Readonly<Record<StrategyReport["precision"], number>> = {
  f64: 2 ** -53,
  f32: 2 ** -24,
  // Two halves of 11 bits, without the product of the small ones.
  "split-f16": 2 ** -21,
  f16: 2 ** -11,
};

/** Standard errors that two estimates from chains may be apart. */
const SIGMAS = 4;

export interface BlockVerdict {
  readonly block: number;
  readonly closure: MethodName;
  readonly rows: number;
  /** Whose numbers the folder has. */
  readonly adapter: AdapterName;
  readonly compared: "bits" | "rounding" | "standard errors";
  /** Largest difference of an observable, and what is allowed at the place where they are closest or furthest beyond. */
  readonly difference: number;
  readonly allowed: number;
  /** Numbers without an error bar, of single chains, that could not be compared. */
  readonly uncompared: number;
  /** The float64 check of one run of the block. */
  readonly check: SweepVerification | undefined;
  /** What is wrong; absent where nothing is. */
  readonly fault?: string;
}

export interface FolderVerification {
  readonly name: string;
  readonly folder: string;
  readonly blocks: number;
  /** Blocks that are not there, damaged ones among them. */
  readonly missing: number;
  /** Of the package that began the sweep, where it is another one than this: it need not round alike. */
  readonly otherVersion?: string;
  /** Whether rounds of refinement are to come. */
  readonly refining: boolean;
  readonly damaged: readonly DamagedBlock[];
  /** Tables that are not what the blocks say; null where blocks are missing, or tables not made yet. */
  readonly alteredTables: readonly string[] | null;
  /** Float64 checks that the sweep itself has made. */
  readonly checks: { readonly made: number; readonly failed: number };
  readonly verdicts: readonly BlockVerdict[];
  readonly pass: boolean;
}

export interface FolderVerificationOptions {
  /** Of this package. */
  readonly version: string;
  /** Of the blocks that are computed again, 0 to 1; unless it is 0, one of every closure at least. */
  readonly share: number;
  /** Chooses them; that of the sweep by default. */
  readonly seed?: number | undefined;
  readonly progress?: (fraction: number, block: number) => void;
}

/**
 * @param device opened only where a block is computed again
 * @throws InputError if the copy of an array file has changed; what runs throw
 */
export async function verifyFolder(
  folder: RunFolder,
  device: () => Promise<Executor>,
  { version, share, seed, progress }: FolderVerificationOptions,
): Promise<FolderVerification> {
  const { manifest, finished, damaged, path, load } = folder;
  for (const name of Object.keys(manifest.inputs)) await load(name);
  const sweep = expand(manifest.specification, path, manifest.refined);
  const sites = await settleSites(sweep, load, path);
  const planned = planBlocks(sweep, sites, { ...manifest.sizing, verify: 0 }).filter(isOfShard(manifest.shard));
  const present = planned.filter(({ index }) => finished.has(index));
  // Other blocks than the sweep has checked itself: another sample of the same stream.
  const chosen = chooseChecks(sweep, present, share, { seed: seed ?? sweep.seed, sample: 1 }).filter(
    ({ checked }) => checked.length > 0,
  );
  const isSameVersion = manifest.version === version;
  const verdicts: BlockVerdict[] = [];
  for (const [k, block] of chosen.entries()) {
    const report = (fraction: number) => progress?.((k + fraction) / chosen.length, block.index);
    const { strategy, precision } = manifest;
    const context = { load, context: path, sites, strategy, precision, progress: report };
    const executor = await device();
    executor.takeTiles(tilesOf(manifest.tiles, adapterOf(executor.device)) ?? []);
    const stored = finished.get(block.index)!;
    verdicts.push(await verifyBlock(executor, sweep, block, stored, { ...context, isSameVersion }));
  }
  const outcome = await outcomeOf(folder);
  const checks = {
    made: outcome.verification.length,
    failed: outcome.verification.filter(({ pass }) => !pass).length,
  };
  const hasTables = manifest.outcome && !manifest.shard && present.length === planned.length;
  const alteredTables = hasTables ? await altered(path, outcome) : null;
  return {
    name: sweep.name,
    folder: path,
    blocks: present.length,
    missing: planned.length - present.length,
    ...(!isSameVersion && { otherVersion: manifest.version }),
    refining: outcome.refining,
    damaged,
    alteredTables,
    checks,
    verdicts,
    pass:
      damaged.length === 0 &&
      checks.failed === 0 &&
      (alteredTables ?? []).length === 0 &&
      verdicts.every(({ fault }) => fault === undefined),
  };
}

async function verifyBlock(
  executor: Executor,
  sweep: Sweep,
  block: Block,
  stored: BlockRecord,
  { isSameVersion, ...context }: BlockContext & CouplingRequest & { readonly isSameVersion: boolean },
): Promise<BlockVerdict> {
  const adapter = adapterOf(executor.device);
  const { closure } = sweep.points[block.walks[0][0].point];
  const { rows, verification, strategies } = await runBlock(executor, sweep, block, context);
  // As it would stand in a file, which is what the stored one has been through.
  const { specification, seconds } = stored;
  const again = decodeBlock(
    encodeBlock({ block: block.index, specification, adapter, seconds, rows, verification, strategies }),
  );
  if (typeof again === "string") throw new Error(`block ${block.index} cannot be read back: ${again}`);
  const [check] = again.verification;
  const isSame = isSameVersion && isDeepStrictEqual([adapter, again.strategies], [stored.adapter, stored.strategies]);
  const compared = isSame ? "bits" : closure === MONTE_CARLO ? "standard errors" : "rounding";
  const verdict = {
    block: block.index,
    closure,
    rows: stored.rows.length,
    adapter: stored.adapter,
    compared,
    check,
  } as const;
  const ofRows = (all: readonly ResultRow[]) => all.map(({ point, sample, sites }) => [point, sample, sites]);
  if (!isDeepStrictEqual(ofRows(stored.rows), ofRows(again.rows))) {
    return { ...verdict, difference: NaN, allowed: 0, uncompared: 0, fault: "rows of other points" };
  }
  if (compared === "bits") {
    const { difference } = compare(stored.rows, again.rows, () => 0);
    const fault = isDeepStrictEqual(stored.rows, again.rows) ? faultOf(check) : "other bits on the same adapter";
    return { ...verdict, difference, allowed: 0, uncompared: 0, ...(fault !== undefined && { fault }) };
  }
  let status = -1;
  let comparison: Comparison;
  if (compared === "standard errors") {
    comparison = compare(stored.rows, again.rows, (one, other, name) => {
      const errors = [one, other].map(({ standardErrors }) => standardErrors?.[name] ?? NaN);
      return SIGMAS * Math.hypot(...errors);
    });
  } else {
    const share = roundingShare([stored, again], Math.max(...ofRows(stored.rows).map(([, , sites]) => sites)));
    const { rows: moved } = await runBlock(
      executor,
      heated(sweep, share),
      { ...block, checked: [] },
      {
        ...context,
        progress: undefined,
      },
    );
    const reach = reachOf(again.rows, moved);
    comparison = compare(
      stored.rows,
      again.rows,
      (one, _, name) => 2 * (reach.get(name) ?? 0) + 2 * share * Math.max(1, Math.abs(one.observables[name] ?? 0)),
    );
    // At the edge of convergence rounding decides, and the yardstick run shows it.
    status = stored.rows.findIndex((row, k) => row.status !== again.rows[k].status && row.status !== moved[k].status);
  }
  const { difference, allowed, uncompared } = comparison;
  const other = status >= 0 ? `status ${stored.rows[status].status}, now ${again.rows[status].status}` : undefined;
  const fault = comparison.beyond ? "numbers that differ by more than is allowed" : (other ?? faultOf(check));
  return { ...verdict, difference, allowed, uncompared, ...(fault !== undefined && { fault }) };
}

const faultOf = (check: SweepVerification | undefined) =>
  check === undefined || check.pass ? undefined : "a float64 check that failed";

interface Comparison {
  readonly difference: number;
  readonly allowed: number;
  readonly beyond: boolean;
  readonly uncompared: number;
}

/** Finds the observable that is furthest beyond what it may differ by, or closest to it. */
function compare(
  rows: readonly ResultRow[],
  again: readonly ResultRow[],
  allowance: (one: ResultRow, other: ResultRow, name: keyof ResultRow["observables"]) => number,
): Comparison {
  let worst: Comparison = { difference: 0, allowed: 0, beyond: false, uncompared: 0 };
  let [least, uncompared] = [Infinity, 0];
  rows.forEach((row, k) => {
    const names = Object.keys({ ...row.observables, ...again[k].observables }) as (keyof ResultRow["observables"])[];
    for (const name of names) {
      const [one, other] = [row, again[k]].map(({ observables }) => observables[name] ?? NaN);
      const allowed = allowance(row, again[k], name);
      if (Object.is(one, other)) continue;
      if (Number.isNaN(allowed)) {
        uncompared++;
        continue;
      }
      // One that exists in one of the two only is infinitely far.
      const difference = Number.isNaN(one - other) ? Infinity : Math.abs(one - other);
      const left = allowed - difference;
      if (left < least) {
        least = left;
        worst = { difference, allowed, beyond: left < 0, uncompared };
      }
    }
  });
  return { ...worst, uncompared };
}

/** η of the head of this file. */
function roundingShare(records: readonly BlockRecord[], sites: number): number {
  const unit = Math.max(
    ...records.flatMap(({ adapter, strategies }) => [
      ROUNDING[adapter.precision],
      ...strategies.map(({ precision }) => ROUNDING[precision]),
    ]),
  );
  const solved = records.flatMap(({ rows }) => rows).filter(({ status }) => status === "converged");
  const residuals = solved.flatMap(({ residual, innerResidual }) => [residual, innerResidual]).filter(Number.isFinite);
  return Math.max(4 * unit * Math.sqrt(sites), ...residuals);
}

/** How far the larger β has moved each observable, at most. */
function reachOf(rows: readonly ResultRow[], moved: readonly ResultRow[]): Map<string, number> {
  const reach = new Map<string, number>();
  rows.forEach(({ observables }, k) => {
    for (const [name, value = NaN] of Object.entries(observables)) {
      const difference = Math.abs(value - (moved[k].observables[name as keyof typeof observables] ?? NaN));
      if (Number.isFinite(difference)) reach.set(name, Math.max(reach.get(name) ?? 0, difference));
    }
  });
  return reach;
}

/** The same systems with every β larger by a share. */
function heated(sweep: Sweep, share: number): Sweep {
  const factor = 1 + share;
  const warm = (description: SystemDescription): SystemDescription => ({
    ...description,
    beta: description.beta * factor,
    ...(description.species && {
      species: description.species.map((one) => (one.beta === undefined ? one : { ...one, beta: one.beta * factor })),
    }),
  });
  const points = sweep.points.map((point) => ({ ...point, system: (sample: number) => warm(point.system(sample)) }));
  return { ...sweep, points };
}

/** The tables that are not, byte for byte, what the blocks say. */
async function altered(path: string, outcome: Awaited<ReturnType<typeof outcomeOf>>): Promise<string[]> {
  const tables = {
    "results.csv": resultColumns(outcome),
    "summary.csv": summaryColumns(outcome, summariseRows(outcome)),
  };
  const names: string[] = [];
  for (const [name, columns] of Object.entries(tables)) {
    const wanted = createHash("sha256");
    for (const piece of csvPieces(columns)) wanted.update(piece);
    const found = await readFile(join(path, name)).catch(() => undefined);
    if (found === undefined || createHash("sha256").update(found).digest("hex") !== wanted.digest("hex"))
      names.push(name);
  }
  return names;
}
