/** Every oracle of `onsager oracle` on the CPU engine in float64, in a process beside those on the GPU. */
import { it } from "vitest";
import { describeOracles } from "./every-oracle.js";

/** A second pass on another adapter, as of .ci/run, need not repeat what no adapter changes. */
if (process.env.ONSAGER_FLOAT64_DONE) {
  it.skip("oracles, f64 [skipped: an earlier pass has run them]", () => undefined);
} else {
  describeOracles("f64");
}
