/**
 * What a block is computed from, away from the process that runs the sweep: a specification as it was read, and how it is
 * cut. Whoever gets one checks it as it would a user's file, and cuts it again.
 */
import { z } from "zod";
import type { LoadArray } from "../../engine/array-inputs.js";
import { type CouplingRequest, couplingStrategies } from "../../engine/coupling-strategy.js";
import { readNpy } from "../../files/npy.js";
import { sha256 } from "../../files/sealed-json.js";
import { fusedPrecisions } from "../../kernels/strategies.js";
import { InputError } from "../../physics/input-error.js";
import { parseInput } from "../../physics/schema-errors.js";
import { type Block, planBlocks, settleSites, sizingSchema } from "../blocks.js";
import { type AdapterTiles, adapterTilesSchema } from "../folder/adapter-tiles.js";
import { type BlockRecord, decodeBlock, encodeBlock } from "../folder/block-record.js";
import { type BlockWork, cachedLoader, type FinishedBlock } from "../run.js";
import { expand, type Sweep } from "../spec.js";
import { sweepSchema } from "../spec-schema.js";

/** All that the numbers of a block depend on, but for the contents of array files and the device. */
export const planSchema = z.strictObject({
  specification: z.record(z.string(), z.unknown()),
  refined: z.array(z.array(z.number())),
  sizing: sizingSchema,
  strategy: z.enum(couplingStrategies).optional(),
  precision: z.enum(fusedPrecisions).optional(),
  /** Of adapters that do not take the defaults; absent if all do. */
  tiles: z.array(adapterTilesSchema).optional(),
});

export type BlockPlan = z.infer<typeof planSchema>;

/** One block of a plan. */
export const cutSchema = z.strictObject({
  index: z.int().min(0),
  /** Of its points and samples: who cuts the plan differently is told apart. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});

export type Cut = z.infer<typeof cutSchema>;

export interface OpenedPlan {
  readonly sweep: Sweep;
  readonly sites: readonly number[];
  readonly blocks: readonly Block[];
}

/** What a sweep asks of whoever computes its blocks. */
export interface PlanRequest extends CouplingRequest {
  /** Those of its manifest. */
  readonly tiles: readonly AdapterTiles[];
}

export function planOf({ sweep, refined, sizing }: BlockWork, { strategy, precision, tiles }: PlanRequest): BlockPlan {
  // Adapters that join while it runs take the defaults, so the plan stays the same, and with it the names of its jobs.
  const own = tiles.filter(({ choices }) => choices.length > 0);
  const shared = { strategy, precision, tiles: own.length > 0 ? own : undefined };
  // As it is read on the other side: without what is undefined.
  return JSON.parse(JSON.stringify({ specification: sweep.input, refined, sizing, ...shared })) as BlockPlan;
}

export const cutOf = ({ index, walks, checked }: Block): Cut => ({
  index,
  digest: sha256(JSON.stringify([walks, checked])),
});

/** @throws InputError as for a file of that contents */
export async function openPlan(plan: BlockPlan, context: string, load: LoadArray): Promise<OpenedPlan> {
  const input = parseInput(sweepSchema, plan.specification, context);
  const rounds = input.refine?.rounds ?? 0;
  if (plan.refined.length > rounds) {
    throw new InputError(`${context}: refined`, `${plan.refined.length} rounds`, `at most ${rounds}, as refine says`);
  }
  const sweep = expand(input, context, plan.refined);
  const sites = await settleSites(sweep, load, context);
  return { sweep, sites, blocks: planBlocks(sweep, sites, plan.sizing) };
}

/** @throws InputError if the plan has no such block */
export function blockOf({ blocks }: OpenedPlan, { index, digest }: Cut, context: string): Block {
  if (index >= blocks.length) {
    throw new InputError(`${context}: block`, `${index}`, `one of the ${blocks.length} of the specification`);
  }
  if (cutOf(blocks[index]).digest !== digest) {
    throw new InputError(`${context}: block`, `another cut of block ${index}`, "the cut of this version");
  }
  return blocks[index];
}

/** The arrays that a specification names, from files of this machine; no other file is ever opened. */
export function namedArrays(files: Readonly<Record<string, string>>, context: string): LoadArray {
  return cachedLoader(async (name) => {
    if (!Object.hasOwn(files, name)) {
      throw new InputError(context, `the array file ${name}`, "arrays that came with the specification");
    }
    return readNpy(files[name]);
  });
}

/** A finished block as a text that checks itself. Means of single sites travel beside it. */
export const packBlock = ({ record }: FinishedBlock): string => encodeBlock({ ...record, specification: "" });

/** @returns the record, or a few words that say why it is none of this block */
export function unpackBlock(text: string, { index, walks }: Block): BlockRecord | string {
  const record = decodeBlock(text);
  if (typeof record === "string") return record;
  if (record.block !== index) return `results of block ${record.block}`;
  const keyOf = ({ point, sample }: { point: number; sample: number }) => `${point} ${sample}`;
  const wanted = walks.flat().map(keyOf).sort();
  const found = record.rows.map(keyOf).sort();
  const fits = wanted.length === found.length && wanted.every((key, k) => key === found[k]);
  return fits ? record : "rows of other points";
}
