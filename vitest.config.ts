import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files that take longest, first: one that starts last leaves a core idle. A clean clone has no times of an earlier
 * run to order files by. CPU seconds on SwiftShader, 2026-11-29.
 */
const LONGEST = [
  "test/oracles/oracles.test.ts", // 240, as onsager oracle
  "test/oracles/oracles-float64.test.ts", // 95
  "test/sweep/fleet/queue.test.ts", // 66
  "test/engine/procedural.test.ts", // 50
  "test/sweep/quickstart.test.ts", // 49
  "test/sweep/resume.test.ts", // 44
  "test/engine/measurements.test.ts", // 40
  "test/engine/batching.test.ts", // 37
  "test/kernels/invariance.test.ts", // 32
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = LONGEST.indexOf(relative(import.meta.dirname, moduleId).replaceAll("\\", "/"));
      return index < 0 ? LONGEST.length : index;
    };
    return (await super.sort(files)).sort((one, other) => place(one) - place(other));
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // One GPU process at a time: the machines this runs on have two cores, and a software adapter uses both.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
