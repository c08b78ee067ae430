/** Suite `gpu`: what only hardware can show, in eight minutes, with a table of targets at its end. */
import {
  type Cost,
  type Entrant,
  firstLine,
  type Race,
  raceAttentionField,
  type RaceOutcome,
  skippedRow,
} from "./attention-field.js";
import { onsager, onsagerFrozen, onsagerPlain } from "./contestants/onsager.js";
import { torch } from "./contestants/python.js";
import { detailsText, verdictsText } from "./gpu-text.js";
import { type LargeStep, largeStepCase, measureLargeStep, skippedStep } from "./large-steps.js";
import { CASE } from "./problem.js";
import type { Precision, Row, SuiteOutcome } from "./rows.js";
import { judge } from "./targets.js";

const SUITE = "gpu";

/** A race at the attention field, or one step of a system. */
type GpuItem = { readonly n: number; readonly d: number } | LargeStep;

export interface GpuPlan {
  /** What would end after this is skipped. */
  readonly budgetMs: number;
  /** Timed rounds of one race. */
  readonly timingMs: number;
  /** In order of importance; items of one kind by size, since each estimates the next. */
  readonly items: readonly GpuItem[];
}

const step = { name: "sphere attention", closure: "onsager" } as const;
const procedural = { name: "procedural gaussian", closure: "tap" } as const;

/** Half a minute of the eight is for starting and for the ceilings. */
export const GPU_PLAN: GpuPlan = {
  budgetMs: 7.5 * 60_000,
  timingMs: 10_000,
  items: [
    { n: 16384, d: 64 },
    { n: 16384, d: 128 },
    { ...step, n: 65536, d: 64 },
    { ...procedural, n: 65536, d: 1 },
    { ...step, n: 2 ** 20, d: 64 },
    { ...procedural, n: 2 ** 20, d: 1 },
    { n: 65536, d: 64 },
    { n: 65536, d: 128 },
  ],
};

/** Every way of the fused kernel; those in f32 also race the field alone and a frozen step. */
const WAYS: readonly { readonly strategy: string; readonly precision: Precision }[] = [
  { strategy: "portable", precision: "f32" },
  { strategy: "subgroups", precision: "f32" },
  { strategy: "subgroup-matrix", precision: "f16" },
  { strategy: "subgroup-matrix", precision: "split-f16" },
];

const ENTRANTS: readonly Entrant[] = [
  ...WAYS.flatMap((settings) =>
    (settings.precision === "f32" ? [onsager, onsagerPlain, onsagerFrozen] : [onsager]).map((contestant) => ({
      contestant,
      settings,
    })),
  ),
  ...(["f32", "f16"] as const).map((precision) => ({ contestant: torch, settings: { precision } })),
];

type ItemOutcome = Omit<RaceOutcome, "cost"> & { readonly cost: Cost | undefined };

type Setting = Pick<Race, "host" | "ceilings" | "progress">;

export async function* runGpu(setting: Setting, plan = GPU_PLAN): AsyncGenerator<SuiteOutcome> {
  const start = performance.now();
  const all: Row[] = [];
  const last = new Map<string, { readonly item: GpuItem; readonly cost: Cost }>();
  for (const item of plan.items) {
    const left = plan.budgetMs - (performance.now() - start);
    const before = last.get(kindOf(item));
    const needed = before === undefined ? 0 : estimate(item, before);
    setting.progress(
      `${SUITE}, ${titleOf(item)}: ${needed > 0 ? `about ${seconds(needed)}, ` : ""}${seconds(left)} left`,
    );
    const outcome: ItemOutcome =
      left <= 0 || needed > left
        ? { rows: skippedItem(item, setting, timeReason(needed, left)), failures: [], cost: undefined }
        : await measured(item, setting, plan);
    if (outcome.cost !== undefined) last.set(kindOf(item), { item, cost: outcome.cost });
    const rows = judge(outcome.rows);
    all.push(...rows);
    yield { rows, failures: outcome.failures, text: detailsText(titleOf(item), rows) };
  }
  yield { rows: [], failures: [], text: verdictsText(all) };
}

/** What breaks one item is told in its rows: the table at the end is worth having. */
async function measured(item: GpuItem, setting: Setting, { timingMs }: GpuPlan): Promise<ItemOutcome> {
  const { host, progress } = setting;
  try {
    if ("name" in item) return await measureLargeStep(SUITE, item, host.adapter, progress);
    return await raceAttentionField({ ...setting, ...item, suite: SUITE, entrants: ENTRANTS, timingMs });
  } catch (error) {
    host.executor.abandon();
    const reason = `failed: ${firstLine(error)}`;
    const failures = [`${SUITE}, ${titleOf(item)}: ${reason}`];
    return { rows: skippedItem(item, setting, reason), failures, cost: undefined };
  }
}

function skippedItem(item: GpuItem, { host }: Setting, reason: string): Row[] {
  if ("name" in item) return [skippedStep(SUITE, item, host.adapter.report.name, reason)];
  return ENTRANTS.map((entrant) => skippedRow({ ...item, suite: SUITE, host }, entrant, reason));
}

/** By how the parts of the cost of a smaller item of the same kind grow. */
function estimate(item: GpuItem, before: { readonly item: GpuItem; readonly cost: Cost }): number {
  const { deviceMs, hostMs, fixedMs } = before.cost;
  const growth = (item.n * item.d) / (before.item.n * before.item.d);
  return fixedMs + growth * (hostMs + (item.n / before.item.n) * deviceMs);
}

const kindOf = (item: GpuItem) => ("name" in item ? item.name : CASE);
const titleOf = (item: GpuItem) => `${"name" in item ? largeStepCase(item) : CASE}, N = ${item.n}, d = ${item.d}`;
const seconds = (milliseconds: number) => `${Math.max(0, Math.round(milliseconds / 1000))} s`;

function timeReason(needed: number, left: number): string {
  return left <= 0 ? "no time left" : `would take about ${seconds(needed)}, and ${seconds(left)} are left`;
}
