/** `onsager tune`: measures the candidates of the fused kernels on this adapter and keeps the fastest for later runs. */
import { GpuExecutor } from "../engine/gpu-executor.js";
import { tuningKey, tuningPath } from "../engine/tuning-cache.js";
import { openDevice } from "../gpu/adapters.js";
import { type ShapeBucket, tunedDimensions, tunedSites } from "../kernels/candidates.js";
import { type FusedKernel, fusedKernels } from "../kernels/strategies.js";
import { saveTuning } from "../verify/save-tuning.js";
import { requireHardware, tune, type TuningResult } from "../verify/tune.js";
import { EXIT } from "./exit-codes.js";
import { openProgress } from "./progress.js";
import type { Session } from "./session.js";
import { deviceLine, labelled } from "./text-layout.js";
import { tuningText } from "./tuning-text.js";

export interface TuneCommandOptions {
  readonly kernel?: FusedKernel;
  readonly json?: boolean;
  readonly select: string | undefined;
  readonly version: string;
}

/** @returns the exit code */
export async function tuneCommand(options: TuneCommandOptions, session: Session): Promise<number> {
  const { select, kernel, json, version } = options;
  if (select?.toLowerCase() === "cpu") requireHardware({ name: "cpu", kind: "cpu" });
  const gpu = await openDevice(select === undefined ? {} : { select });
  const executor = new GpuExecutor(gpu, Infinity);
  const progress = openProgress(session, "tuning");
  let results: TuningResult[];
  const path = tuningPath();
  try {
    requireHardware(executor.device);
    const key = await tuningKey(gpu);
    results = await tune(executor, {
      kernels: kernel ? [kernel] : fusedKernels,
      buckets: allBuckets(),
      progress: progress.update,
      onResult: (result) => saveTuning(path, key, [result]),
    });
  } finally {
    progress.stop();
    executor.dispose();
  }
  const { device } = executor;
  if (json) session.print(JSON.stringify({ device, path, results, version }, null, 2));
  else {
    const lines = [deviceLine(device), labelled("kept in", path)];
    session.print([...lines, tuningText(results)].join("\n"));
  }
  const untimed = results.filter(({ winner }) => winner === undefined);
  for (const { kernel, bucket, candidates } of untimed) {
    const reason = candidates.find(({ rejected }) => rejected !== undefined)?.rejected ?? "it has no candidates";
    session.note(`onsager: ${kernel}, N = ${bucket.sites}, d = ${bucket.dimension} keeps its default: ${reason}`);
  }
  return untimed.length > 0 ? EXIT.fault : EXIT.done;
}

function allBuckets(): ShapeBucket[] {
  return tunedDimensions.flatMap((dimension) => tunedSites.map((sites) => ({ sites, dimension })));
}
