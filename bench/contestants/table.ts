/** The contestants, in the order of the tables. */
import type { Contestant, ContestantName } from "./contestant.js";
import { jaxJs } from "./jax-js.js";
import { onsager, onsagerPlain } from "./onsager.js";
import { ortCpu, ortWebgpu } from "./onnxruntime.js";
import { numpy, torch } from "./python.js";
import { tfjs } from "./tfjs.js";

export const contestants: readonly Contestant[] = [onsager, onsagerPlain, jaxJs, tfjs, ortWebgpu, ortCpu, numpy, torch];

/** Those whose packages are known to work on this platform: missing, they are a failure and not a gap. */
export const mandatory: ReadonlySet<ContestantName> = new Set(
  process.platform === "linux" && process.arch === "x64"
    ? ["onsager", "onsager-plain", "jax-js", "tfjs", "ort-webgpu", "ort-cpu"]
    : ["onsager", "onsager-plain"],
);
