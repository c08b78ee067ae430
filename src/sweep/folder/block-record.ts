/** A finished block as it stands in its file: rows, checks, and the adapter that computed them. */
import { z } from "zod";
import type { DeviceDescription } from "../../engine/executor.js";
import { seal, unseal } from "../../files/sealed-json.js";
import type { BlockResult } from "../run-block.js";

const FORMAT = "onsager-block/1";

/** What tells two adapters apart. */
export type AdapterName = Pick<DeviceDescription, "name" | "driver" | "precision" | "kind">;

export interface BlockRecord extends Omit<BlockResult, "states"> {
  readonly block: number;
  /** Of the specification that the block belongs to, `specificationHash`. */
  readonly specification: string;
  readonly adapter: AdapterName;
  /** Time that the block took. */
  readonly seconds: number;
  /** SHA-256 of the file with the means of single sites, where they are kept. */
  readonly states?: string;
}

const text = z.string();

export const adapterSchema = z.strictObject({
  name: text,
  driver: text,
  precision: z.enum(["f32", "f64"]),
  kind: z.enum(["hardware", "system-software", "package-software", "cpu"]),
});

/** Every member that is read again; what only people look at may have more. */
const recordSchema = z.looseObject({
  format: z.literal(FORMAT),
  block: z.int().min(0),
  specification: text,
  adapter: adapterSchema,
  seconds: z.number().min(0),
  rows: z.array(
    z.looseObject({
      point: z.int().min(0),
      sample: z.int().min(0),
      sites: z.int().min(1),
      status: text,
      residual: z.number().or(z.nan()),
      innerResidual: z.number().or(z.nan()),
      iterations: z.number().or(z.nan()),
      observables: z.record(z.string(), z.number().or(z.nan()).or(z.literal(Infinity)).or(z.literal(-Infinity))),
    }),
  ),
  verification: z.array(z.looseObject({ point: z.int(), sample: z.int(), pass: z.boolean() })),
  strategies: z.array(z.looseObject({ name: text, precision: text })),
  states: text.optional(),
});

export const adapterOf = ({ name, driver, precision, kind }: DeviceDescription): AdapterName => ({
  name,
  driver,
  precision,
  kind,
});

export const encodeBlock = (record: BlockRecord): string => seal({ format: FORMAT, ...record });

/** @returns the record, or a few words that say what is wrong with the text */
export function decodeBlock(textOfFile: string): BlockRecord | string {
  const value = unseal(textOfFile);
  if (typeof value === "string") return value;
  const parsed = recordSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${issue.path.join(".") || "a record"}: ${issue.message}`;
  }
  const record = Object.entries(value).filter(([key]) => key !== "format");
  return Object.fromEntries(record) as unknown as BlockRecord;
}
