/** The suite `gpu` on small sizes: every row is measured or says why not, and the tables fit a terminal. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chooseAdapter } from "../../bench/adapter.js";
import { GPU_PLAN, type GpuPlan, runGpu } from "../../bench/gpu.js";
import type { Row, SuiteOutcome } from "../../bench/rows.js";
import { judge } from "../../bench/targets.js";
import type { Executor } from "../../src/engine/executor.js";

const select = process.env.ONSAGER_DEVICE || undefined;
const progress: string[] = [];
let setting: Parameters<typeof runGpu>[0];
let executor: Executor;

beforeAll(async () => {
  const adapter = await chooseAdapter(select);
  executor = await adapter.openExecutor();
  const ceilings = { gflops: 100, gbps: 10 };
  setting = { host: { adapter, executor }, ceilings, progress: (line) => progress.push(line) };
});
afterAll(() => executor?.dispose());

/** Every kind of item of the plan at two sizes for a software adapter: in d = 16 those of several d coincide. */
function small(budgetMs: number): GpuPlan {
  const items = GPU_PLAN.items.map((item) => {
    const n = item.n / (item.n < 2 ** 20 ? 256 : 2048);
    return JSON.stringify({ ...item, n, d: Math.min(item.d, 16) });
  });
  return {
    budgetMs,
    timingMs: 0,
    items: [...new Set(items)].map((item) => JSON.parse(item) as GpuPlan["items"][number]),
  };
}

async function outcomes(plan: GpuPlan): Promise<SuiteOutcome[]> {
  const all: SuiteOutcome[] = [];
  for await (const outcome of runGpu(setting, plan)) all.push(outcome);
  return all;
}

function expectNarrow(all: readonly SuiteOutcome[]): void {
  for (const line of all.flatMap(({ text }) => text.split("\n")))
    expect([...line].length, line).toBeLessThanOrEqual(80);
}

describe("the suite gpu", () => {
  // Half a minute on lavapipe; SwiftShader compiles for longer.
  test(
    "measures what can run here, says why the rest does not, and ends with the targets",
    { timeout: 300_000 },
    async () => {
      const all = await outcomes(small(600_000));
      expect(all.flatMap(({ failures }) => failures)).toEqual([]);
      const rows = all.flatMap((outcome) => outcome.rows);
      expect(rows).toHaveLength(2 * 10 + 4);
      for (const row of rows) {
        expect(row).toMatchObject({ suite: "gpu", n: expect.any(Number) as number });
        if (row.skipped === null) expect(row.error, row.case).toBeLessThan(1e-4);
        else expect(row.skipped.length, row.case).toBeGreaterThan(10);
      }
      const measured = (wanted: Partial<Row>) =>
        rows.filter(
          (row) =>
            row.medianMs !== null && Object.entries(wanted).every(([key, value]) => row[key as keyof Row] === value),
        );
      for (const contestant of ["onsager", "onsager-plain", "onsager-frozen"])
        expect(measured({ contestant, strategy: "portable" }).length, contestant).toBe(2);
      expect(measured({ case: "sphere attention, onsager" })[0]?.peakBytes).toBeGreaterThan(0);
      expect(measured({ strategy: "procedural" })[0]?.entriesPerSecond).toBeGreaterThan(0);

      const targets = all.at(-1)?.text ?? "";
      expect(targets).toMatch(/^fused f32, of FMA +64×16 .* ≥ 60 % .* (met|missed)$/m);
      expect(targets).toMatch(/^frozen \/ first step .* ≤ 80 % .* (met|missed)$/m);
      expect(targets).toMatch(/^peak of buffers .* ≤ 200 MB .* met$/m);
      expect(targets).toMatch(/^naive\+Onsager step +512×16 .* stated$/m);
      expect(targets).toMatch(/^procedural J drawn +512×1 .* stated$/m);
      expect(targets).toMatch(/^PyTorch \/ ours, f16 /m);
      expectNarrow(all);
    },
  );

  test("skips what its time does not allow, and says so", async () => {
    const all = await outcomes(small(0));
    const rows = all.flatMap((outcome) => outcome.rows);
    expect(rows).toHaveLength(24);
    expect(new Set(rows.map(({ skipped }) => skipped))).toEqual(new Set(["no time left"]));
    expect(all.at(-1)?.text).not.toMatch(/met|missed|stated/);
    expect(all.at(-1)?.text.match(/ not measured$/gm)?.length).toBeGreaterThan(15);
    expectNarrow(all);
  });

  test("estimates a large item by a small one", async () => {
    const item = { name: "procedural gaussian", closure: "tap", d: 1 } as const;
    const plan = { budgetMs: 60_000, timingMs: 0, items: [64, 2 ** 20].map((n) => ({ ...item, n })) };
    const [first, second] = await outcomes(plan);
    expect(first.rows[0].skipped).toBeNull();
    expect(second.rows[0].skipped).toMatch(/^would take about \d+ s, and \d+ s are left$/);
  });
});

test("verdicts: the fastest way is judged, against the fastest in f32", () => {
  const row = (contestant: string, strategy: string, precision: Row["precision"], medianMs: number | null): Row => ({
    ...{ suite: "gpu", case: "attention-field", n: 64, d: 64, adapter: "a", gflops: 1, skipped: null },
    ...{
      contestant,
      strategy,
      precision,
      medianMs,
      error: precision === "split-f16" ? 5e-7 : 1e-7,
      shareOfCeiling: 0.5,
    },
  });
  const rows = judge([
    { ...row("onsager", "portable", "f32", 1), case: "sphere attention, onsager", peakBytes: 1e8 },
    row("onsager", "portable", "f32", 12),
    row("onsager", "subgroups", "f32", 10),
    row("onsager-plain", "subgroups", "f32", 9),
    row("onsager-frozen", "subgroups", "f32", 9),
    row("onsager", "subgroup-matrix", "f16", 2),
    row("onsager", "subgroup-matrix", "split-f16", 8),
    row("torch", "", "f16", null),
  ]);
  const said = rows.map(({ verdicts = [] }) => verdicts.map(({ found, verdict }) => `${found} ${verdict}`));
  expect(said).toEqual([
    ["100 MB met", "0.00100 s stated"],
    [],
    ["50.0 % missed", "111 % met"],
    [],
    ["90.0 % missed"],
    ["5.00 × met"],
    ["1.25 × missed", "5.00 × missed"],
    ["null not measured"],
  ]);
});

test("npm run bench -- --suite gpu without a hardware adapter: one line, exit code 2", async () => {
  const { report } = setting.host.adapter;
  if (report.kind === "hardware") return;
  const main = fileURLToPath(new URL("../../bench/main.ts", import.meta.url));
  const run = promisify(execFile)(process.execPath, ["--import", "tsx", main, "--suite", "gpu"], {
    env: { ...process.env, ONSAGER_DEVICE: report.name },
  });
  const failure = await run.then(
    () => undefined,
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  );
  expect(failure).toMatchObject({ code: 2, stdout: "" });
  // Drivers warn on the same stream.
  const said = failure?.stderr.split("\n").filter((line) => line !== "" && !line.startsWith("Warning:"));
  expect(said).toEqual([`bench: suite gpu needs a hardware adapter, and ${report.name} is software`]);
});
