/**
 * The program of a process that computes blocks for another one (`src/sweep/fleet/block-process.ts`), until that one is gone.
 * It is started by `sweep --workers` and `worker`, never by hand.
 */
import type { LoadArray } from "../engine/array-inputs.js";
import { openExecutor } from "../engine/devices.js";
import type { Executor } from "../engine/executor.js";
import { InputError } from "../physics/input-error.js";
import { blockOf, namedArrays, openPlan, packBlock } from "../sweep/fleet/block-plan.js";
import { type Order, orderSchema, type Reply } from "../sweep/fleet/process-protocol.js";
import { tilesOf } from "../sweep/folder/adapter-tiles.js";
import { adapterOf } from "../sweep/folder/block-record.js";
import { localRunner } from "../sweep/run.js";
import { explainFailure } from "./exit-codes.js";

type Plan = Extract<Order, { kind: "plan" }>;

/** Between two signs of progress, in milliseconds. */
const PROGRESS_PAUSE = 200;

// Ctrl-C reaches every process of the terminal; the one that has started this one lets it finish its block.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);
process.on("disconnect", () => process.exit());

let executor: Executor | undefined;
let current:
  | { readonly order: Plan; readonly load: LoadArray; readonly opened: ReturnType<typeof openPlan> }
  | undefined;

/** Orders are carried out in turn. */
let last = Promise.resolve();
process.on("message", (message) => {
  last = last.then(async () => {
    try {
      await carryOut(orderSchema.parse(message));
    } catch (error) {
      const { code, message } = explainFailure(error);
      say({ kind: "failed", code, message, refused: error instanceof InputError });
    }
  });
});

function say(reply: Reply): void {
  process.send?.(reply);
}

async function carryOut(order: Order): Promise<void> {
  switch (order.kind) {
    case "open": {
      executor = await openExecutor({ select: order.select, memoryLimit: order.memory });
      say({ kind: "ready", device: executor.device, tiles: [...executor.tiles] });
      return;
    }
    case "plan": {
      const load = namedArrays(order.arrays, order.context);
      const opened = openPlan(order.plan, order.context, load);
      // What is wrong with it is said when a block is asked for.
      opened.catch(() => undefined);
      current = { order, load, opened };
      return;
    }
    case "block": {
      if (!executor || !current) throw new Error("a block before its device and its plan");
      const { load, order: told } = current;
      const { plan, context } = told;
      const opened = await current.opened;
      const block = blockOf(opened, order.cut, context);
      const { strategy, precision, refined, sizing } = plan;
      executor.takeTiles(tilesOf(plan.tiles ?? [], adapterOf(executor.device)) ?? []);
      let spoken = 0;
      const progress = ({ fraction }: { readonly fraction: number }) => {
        if (performance.now() - spoken < PROGRESS_PAUSE) return;
        spoken = performance.now();
        say({ kind: "progress", fraction });
      };
      await localRunner(executor, { load, context, strategy, precision }).run(
        { ...opened, blocks: [block], refined, sizing },
        (finished) => {
          const { states } = finished;
          say({ kind: "done", record: packBlock(finished), ...(states && { states: [...states] }) });
          return Promise.resolve();
        },
        { progress },
      );
    }
  }
}
