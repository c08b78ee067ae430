/** What lies in the queue: jobs, which are blocks, their results, and bytes under the hash of their contents. */
import type { Redis } from "ioredis";
import { z } from "zod";
import { sha256 } from "../../files/sealed-json.js";
import { InputError } from "../../physics/input-error.js";
import { type BlockPlan, cutSchema, planSchema } from "./block-plan.js";

/** Jobs of one version only: another one may cut a sweep differently, or compute other numbers. */
export const queueName = (version: string) => `onsager-blocks-${version}`;

/** The name of every job. */
export const JOB_NAME = "block";

/** Processes that may fail at a block, and workers that may fall silent over it, before it is given up. */
export const ATTEMPTS = 3;
export const SILENCES = 5;

/** What nobody has asked for again after this time is dropped by the server; in seconds. */
export const KEPT = 7 * 24 * 3600;

/** Bytes of a specification at most: every job carries it. */
const LONGEST_SPECIFICATION = 1 << 20;

const LONGEST_BYTES = 512 * 2 ** 20;

const hash = z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256");

export const jobSchema = z.strictObject({
  plan: planSchema,
  /** Contents of the array files that the specification names, by these names. */
  arrays: z.record(z.string(), hash),
  cut: cutSchema,
});

export type BlockJob = z.infer<typeof jobSchema>;

export const resultSchema = z.strictObject({
  /** As `packBlock` has written it. */
  record: z.string(),
  /** Means of single sites, f64, of so many rows. */
  states: z.strictObject({ hash, rows: z.int().min(1) }).optional(),
});

export type JobResult = z.infer<typeof resultSchema>;

/** Names the plan with its arrays: the same block of the same plan is the same job, whoever asks for it. */
export function planName(plan: BlockPlan, arrays: Readonly<Record<string, string>>): string {
  const text = JSON.stringify([plan, arrays]);
  if (text.length > LONGEST_SPECIFICATION) {
    throw new InputError(
      "--queue",
      `a specification of ${text.length} characters, which every job would carry`,
      `at most ${LONGEST_SPECIFICATION}: long lists belong into .npy files`,
    );
  }
  return sha256(text).slice(0, 32);
}

export const jobIdOf = (plan: string, block: number) => `${plan}-${block}`;

/** The block of a job, or undefined if it is one of another plan. */
export function blockOfJob(plan: string, id: string): number | undefined {
  const [, name, index] = /^([0-9a-f]{32})-(\d+)$/.exec(id) ?? [];
  return name === plan ? Number(index) : undefined;
}

const keyOf = (name: string) => `onsager:bytes:${name}`;

/**
 * Keeps bytes, unless they are there already, and has the server remember them from now on.
 * @throws InputError if the server cannot hold them
 */
export async function putBytes(client: Redis, name: string, bytes: () => Promise<Uint8Array>): Promise<void> {
  if ((await client.expire(keyOf(name), KEPT)) === 1) return;
  const contents = await bytes();
  if (contents.length > LONGEST_BYTES) {
    throw new InputError("--queue", `an array of ${contents.length} bytes`, `at most ${LONGEST_BYTES}`);
  }
  await client.set(keyOf(name), Buffer.from(contents.buffer, contents.byteOffset, contents.length), "EX", KEPT);
}

/** @returns undefined where they are missing; never other bytes than those of that hash */
export async function getBytes(client: Redis, name: string): Promise<Buffer | undefined> {
  const bytes = await client.getBuffer(keyOf(name));
  return bytes !== null && sha256(bytes) === name ? bytes : undefined;
}

export async function dropBytes(client: Redis, name: string): Promise<void> {
  await client.del(keyOf(name));
}
