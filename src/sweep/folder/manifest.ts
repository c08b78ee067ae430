/** The manifest of a sweep: what was asked for, how it was cut, who computed it, and what came of it. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { couplingStrategies, type CouplingStrategy, type StrategyReport } from "../../engine/coupling-strategy.js";
import type { DeviceDescription } from "../../engine/executor.js";
import type { describeColumns } from "../../files/table.js";
import { seal, sha256, unseal } from "../../files/sealed-json.js";
import { type FusedPrecision, fusedPrecisions } from "../../kernels/strategies.js";
import { InputError } from "../../physics/input-error.js";
import { describe } from "../../physics/schema-errors.js";
import { COUNTER_LAYOUT } from "../../reference/philox.js";
import type { Refined } from "../axes.js";
import { type BlockSizing, sizingSchema } from "../blocks.js";
import type { SweepVerification } from "../run-block.js";
import type { SweepInput } from "../spec-schema.js";
import { type AdapterTiles, adapterTilesSchema } from "./adapter-tiles.js";
import type { AdapterName } from "./block-record.js";

export const MANIFEST_NAME = "manifest.json";
const FORMAT = "onsager-sweep/1";

const text = z.string();

/** What `SweepManifest` says, for what was read. */
const manifestSchema = z.looseObject({
  program: z.literal("onsager"),
  format: z.literal(FORMAT),
  name: text,
  version: text,
  commit: text.nullable(),
  node: text,
  platform: text,
  randomNumbers: text,
  specification: z.record(z.string(), z.unknown()),
  inputs: z.record(z.string(), text),
  strategy: z.enum(couplingStrategies).optional(),
  precision: z.enum(fusedPrecisions).optional(),
  tiles: z.array(adapterTilesSchema),
  sizing: sizingSchema,
  refined: z.array(z.array(z.number())),
  shard: z.strictObject({ index: z.int().min(0), count: z.int().min(1) }).optional(),
  sessions: z.array(
    z.looseObject({
      command: text,
      started: text,
      device: z.looseObject({ name: text, driver: text }).optional(),
      queue: text.optional(),
    }),
  ),
  outcome: z.looseObject({ finished: text }).optional(),
});

/** What came of it; written last. */
export interface SweepOutcomeReport {
  /** ISO 8601. */
  readonly finished: string;
  readonly points: number;
  readonly rows: number;
  readonly blocks: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly strategies: readonly StrategyReport[];
  readonly adapters: readonly AdapterName[];
  readonly verification: readonly SweepVerification[];
  /** Of all blocks together. */
  readonly computingSeconds: number;
  /** Columns of the tables: names, types, units and descriptions. */
  readonly columns: Readonly<Record<"results" | "summary", ReturnType<typeof describeColumns>>>;
}

/** Somebody who has worked on a sweep. */
export interface SweepSession {
  /** The command as it was typed. */
  readonly command: string;
  /** ISO 8601. */
  readonly started: string;
  /** Who computes: a device of this machine. */
  readonly device?: DeviceDescription;
  /** Or the workers of a queue, each of which has a device of its own: its address, without a password. */
  readonly queue?: string;
}

export interface SweepManifest {
  readonly program: "onsager";
  readonly format: typeof FORMAT;
  readonly name: string;
  readonly version: string;
  /** Of the checkout, if it is one. */
  readonly commit: string | null;
  readonly node: string;
  readonly platform: string;
  readonly randomNumbers: string;
  /** The specification as it was read, with its defaults. */
  readonly specification: SweepInput;
  /** SHA-256 of the array files that it names. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly strategy?: CouplingStrategy | undefined;
  readonly precision?: FusedPrecision | undefined;
  /** Tiles of fused kernels, adapter by adapter. */
  readonly tiles: readonly AdapterTiles[];
  readonly sizing: BlockSizing;
  /** Values that refinement has added, round by round. */
  readonly refined: Refined;
  readonly shard?: Shard | undefined;
  readonly sessions: readonly SweepSession[];
  /** Absent as long as blocks are missing. */
  readonly outcome?: SweepOutcomeReport;
}

/** Part `index` of `count`: the blocks whose index is congruent to it. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** What a new manifest is made of; the rest follows from the program that writes it. */
export type NewManifest = Pick<
  SweepManifest,
  "name" | "version" | "commit" | "specification" | "inputs" | "strategy" | "precision" | "sizing" | "shard"
>;

export function newManifest(given: NewManifest): SweepManifest {
  return {
    program: "onsager",
    format: FORMAT,
    ...given,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    randomNumbers: COUNTER_LAYOUT,
    tiles: [],
    refined: [],
    sessions: [],
  };
}

export const sealManifest = (manifest: SweepManifest): string => seal({ ...manifest }, 2);

/**
 * @param where the file, for messages
 * @throws InputError if it is not a whole manifest of a sweep that this version can go on with
 */
export function readManifest(where: string, contents: string): SweepManifest {
  const value = unseal(contents);
  if (typeof value === "string") throw new InputError(where, value, "the manifest as the sweep has written it");
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InputError(where, `${issue.path.join(".")}: ${issue.message}`, `a manifest of format ${FORMAT}`);
  }
  const manifest = value as unknown as SweepManifest;
  if (manifest.randomNumbers !== COUNTER_LAYOUT) {
    throw new InputError(where, `random numbers ${manifest.randomNumbers}`, `${COUNTER_LAYOUT}, those of this version`);
  }
  return manifest;
}

/**
 * Names the specification, its array files, how it is cut and what refinement has added: blocks of two folders are the same if it
 * is.
 * @param rounds of refinement that count
 */
export function specificationHash(
  {
    specification,
    inputs,
    sizing,
    strategy,
    precision,
    refined,
  }: Pick<SweepManifest, "specification" | "inputs" | "sizing" | "strategy" | "precision" | "refined">,
  rounds = refined.length,
): string {
  const added = rounds > 0 ? [refined.slice(0, rounds)] : [];
  return sha256(JSON.stringify([COUNTER_LAYOUT, specification, inputs, sizing.work, strategy, precision, ...added]));
}

/**
 * @param where the folder
 * @throws InputError naming the first key that differs
 */
export function requireSame(where: string, found: unknown, wanted: unknown, path: readonly string[] = []): void {
  // As it is read back: without what is undefined.
  const plain = (value: unknown) => (value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown));
  const [left, right] = [plain(found), plain(wanted)];
  if (isDeepStrictEqual(left, right)) return;
  const keys = isRecord(left) && isRecord(right) ? [...new Set([...Object.keys(left), ...Object.keys(right)])] : [];
  for (const key of keys) {
    requireSame(where, (left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key], [...path, key]);
  }
  throw new InputError(
    where,
    `results of another run (${path.join(".")} ${describe(left)}, not ${describe(right)})`,
    "the same one, or a folder of its own",
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
