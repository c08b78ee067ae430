/** Keeps what the tuner found. */
import { readTuningFile, shaderHash, type TunedChoice, type TuningKey, withChoices } from "../engine/tuning-cache.js";
import { writeFileAtomically } from "../files/atomic-file.js";
import type { TuningResult } from "./tune.js";

/**
 * Adds results to the file, in place of older ones of the same adapter, kernel and bucket. A file that cannot be read is
 * replaced; of a result without a winner nothing is kept.
 */
export async function saveTuning(path: string, key: TuningKey, results: readonly TuningResult[]): Promise<void> {
  const choices: TunedChoice[] = [];
  for (const { kernel, bucket, candidates, winner } of results) {
    if (winner?.medianMs === undefined) continue;
    const { strategy, change, medianMs } = winner;
    choices.push({
      kernel,
      ...bucket,
      precision: "f32",
      shaders: await shaderHash(kernel),
      strategy,
      change,
      medianMs,
      defaultMs: candidates[0].medianMs ?? null,
      date: new Date().toISOString(),
    });
  }
  const file = await readTuningFile(path);
  const known = typeof file === "string" ? undefined : file;
  await writeFileAtomically(path, `${JSON.stringify(withChoices(known, key, choices), null, 2)}\n`);
}
