/** Suite `peers`: every contestant at the plain attention field in f32, one row each and size. */
import { type Race, raceAttentionField, raceTable } from "./attention-field.js";
import { contestants } from "./contestants/table.js";
import type { SuiteOutcome } from "./rows.js";

const SIZES = [1024, 4096];
const DIMENSION = 64;

type Setting = Pick<Race, "host" | "ceilings" | "progress">;

export async function* runPeers(setting: Setting, sizes: readonly number[] = SIZES): AsyncGenerator<SuiteOutcome> {
  const entrants = contestants.map((contestant) => ({ contestant, settings: { precision: "f32" as const } }));
  for (const n of sizes) {
    const shape = { n, d: DIMENSION };
    const { rows, failures } = await raceAttentionField({ ...setting, ...shape, suite: "peers", entrants });
    yield { rows, failures, text: raceTable(shape, rows) };
  }
}
