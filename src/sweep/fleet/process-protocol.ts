/** What a process that computes blocks and the one that has started it say to each other. */
import { z } from "zod";
import type { DeviceDescription } from "../../engine/executor.js";
import { tileChoiceSchema } from "../../engine/tile-choices.js";
import { cutSchema, planSchema } from "./block-plan.js";

const text = z.string();

export const orderSchema = z.discriminatedUnion("kind", [
  /** The first one: opens the device. */
  z.strictObject({ kind: z.literal("open"), select: text.optional(), memory: z.number().positive().optional() }),
  /** What the blocks to come belong to, with the files of the arrays that it names. */
  z.strictObject({
    kind: z.literal("plan"),
    plan: planSchema,
    context: text,
    arrays: z.record(z.string(), text),
  }),
  z.strictObject({ kind: z.literal("block"), cut: cutSchema }),
]);

export const replySchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("ready"),
    device: z.custom<DeviceDescription>((value) => typeof value === "object" && value !== null && "driver" in value),
    tiles: z.array(tileChoiceSchema),
  }),
  /** Share of the block that is done. */
  z.strictObject({ kind: z.literal("progress"), fraction: z.number() }),
  z.strictObject({
    kind: z.literal("done"),
    record: text,
    states: z.array(z.custom<Float64Array>((value) => value instanceof Float64Array)).optional(),
  }),
  /** `refused`: the plan is wrong, on any machine. */
  z.strictObject({ kind: z.literal("failed"), message: text, code: z.int(), refused: z.boolean() }),
]);

export type Order = z.infer<typeof orderSchema>;
export type Reply = z.infer<typeof replySchema>;

/** A block could not be computed: what the process that tried says, and the exit code that it stands for. */
export class BlockFailure extends Error {
  override readonly name = "BlockFailure";

  constructor(
    message: string,
    readonly code: number,
    /** Nobody else can compute it either. */
    readonly refused: boolean,
  ) {
    super(message);
  }
}

/** A process has ended in the middle of its work. */
export class ProcessEnded extends Error {
  override readonly name = "ProcessEnded";
}
