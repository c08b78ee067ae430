/** Suite `gpu`: what only hardware can show, one table of cases that fits into eight minutes. */
import { CASE, type Entrant, type Race, raceAttentionField } from "./attention-field.js";
import type { ContestantName } from "./contestants/contestant.js";
import { contestants } from "./contestants/table.js";
import type { Precision, Row, SuiteOutcome } from "./rows.js";

interface GpuCase {
  readonly n: number;
  readonly d: number;
  readonly precision: Precision;
  readonly strategy?: string;
  readonly contestant: ContestantName;
}

const CONTESTANTS: readonly ContestantName[] = ["onsager", "onsager-plain", "torch"];
const SIZES = [16384];
/** Measured from the start of the process; no case starts later, so that the table is there after eight minutes. */
const LAST_START_MS = 7 * 60_000;

/** The races: cases of one shape compete. */
function gpuCases(sizes: readonly number[]): GpuCase[][] {
  const shapes = sizes.flatMap((n) => [64, 128].map((d) => ({ n, d })));
  return shapes.map((shape) => CONTESTANTS.map((contestant): GpuCase => ({ ...shape, precision: "f32", contestant })));
}

type Setting = Pick<Race, "host" | "ceilings" | "progress">;

export async function* runGpu(setting: Setting, sizes: readonly number[] = SIZES): AsyncGenerator<SuiteOutcome> {
  for (const cases of gpuCases(sizes)) {
    if (performance.now() > LAST_START_MS) yield outOfTime(cases, setting);
    else {
      const [{ n, d }] = cases;
      yield await raceAttentionField({ ...setting, suite: "gpu", n, d, entrants: cases.map(entrantOf) });
    }
  }
}

function entrantOf({ contestant: wanted, precision, strategy }: GpuCase): Entrant {
  const contestant = contestants.find(({ name }) => name === wanted);
  if (contestant === undefined) throw new Error(`no contestant ${wanted}`);
  return { contestant, settings: { precision, ...(strategy !== undefined && { strategy }) } };
}

function outOfTime(cases: readonly GpuCase[], { host }: Setting): SuiteOutcome {
  const rows = cases.map(({ contestant, n, d, precision }): Row => {
    const adapter = host.adapter.report.name;
    const nothing = { medianMs: null, gflops: null, error: null, skipped: "out of time" };
    return { suite: "gpu", case: CASE, n, d, contestant, adapter, precision, ...nothing };
  });
  const [{ n, d }] = cases;
  return { rows, text: `### ${CASE}, N = ${n}, d = ${d}: skipped: out of time`, failures: [] };
}
