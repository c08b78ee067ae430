/** `onsager module FILE`: tokens through the layers of a spin transformer. */
import type { CouplingRequest } from "../engine/coupling-strategy.js";
import { openExecutor } from "../engine/devices.js";
import type { DeviceDescription } from "../engine/executor.js";
import {
  type LayerResult,
  realiseSpinTransformer,
  runSpinTransformer,
  type SpinTransformer,
} from "../engine/spin-transformer.js";
import { readDocument } from "../files/documents.js";
import { writeNpy } from "../files/npy.js";
import { OutputFolder } from "../files/output-folder.js";
import { type ObservableName, observables } from "../physics/observables.js";
import { parseSpinTransformer } from "../physics/spin-transformer.js";
import { documentLoader } from "../verify/load-system.js";
import { EXIT } from "./exit-codes.js";
import { openProgress } from "./progress.js";
import type { Session } from "./session.js";
import { deviceLine, describeStrategy, labelled, table } from "./text-layout.js";

export interface ModuleCommandOptions extends CouplingRequest {
  readonly observe?: readonly ObservableName[];
  readonly json?: boolean;
  readonly out?: string;
  readonly replace?: boolean;
  readonly select: string | undefined;
  readonly memory: number;
  readonly version: string;
  readonly command: string;
}

/** What is shown of every layer unless something else is asked for. */
const OBSERVED = ["magnetization", "overlap", "mean-token-cosine", "effective-rank", "participation"] as const;

/**
 * @returns 0, or 3 if a layer is not solved
 * @throws InputError naming the key or the file
 */
export async function moduleCommand(path: string, options: ModuleCommandOptions, session: Session): Promise<number> {
  const module = await realiseSpinTransformer(
    parseSpinTransformer(await readDocument(path), path),
    documentLoader(path),
    path,
  );
  const { observe = OBSERVED, strategy, precision, version, command } = options;
  const folder = options.out === undefined ? undefined : await OutputFolder.create(options.out, options);
  try {
    const executor = await openExecutor({ select: options.select, memoryLimit: options.memory });
    const progress = openProgress(session, "layers");
    let layers: LayerResult[];
    try {
      const request = { ...(strategy && { strategy }), ...(precision && { precision }) };
      layers = await runSpinTransformer(executor, module, { observe, progress: progress.update, ...request });
    } finally {
      progress.stop();
      executor.dispose();
    }
    const { device } = executor;
    const result = JSON.stringify(summary(module, layers, device, version), null, 2);
    if (options.json) session.print(result);
    else session.print(describe(path, module, layers, device, observe));
    if (folder) {
      const { sites, width } = module;
      const shape = [layers.length, sites, width];
      const values = new Float64Array(layers.length * sites * width);
      layers.forEach(({ state }, layer) => values.set(state, layer * state.length));
      await writeNpy(await folder.path("layers.npy"), shape, values, device.precision === "f32" ? "<f4" : "<f8");
      await folder.write("result.json", `${result}\n`);
      await folder.commit({ command, module: path, version, device, files: ["result.json", "layers.npy"] });
    }
    return layers.every(({ status }) => status === "converged" || status === "completed")
      ? EXIT.done
      : EXIT.notConverged;
  } catch (error) {
    await folder?.abandon();
    throw error;
  }
}

function summary(module: SpinTransformer, layers: readonly LayerResult[], device: DeviceDescription, version: string) {
  const { description, sites, width } = module;
  return {
    kind: description.kind,
    sites,
    width,
    heads: description.heads,
    layers: layers.map(({ status, residual, iterations, observables: observed, strategy }) => ({
      status,
      residual,
      iterations,
      observables: observed,
      strategy,
    })),
    output: Array.from({ length: sites }, (_, site) => [
      ...(layers.at(-1)?.state.subarray(site * width, (site + 1) * width) ?? []),
    ]),
    device,
    version,
  };
}

function describe(
  path: string,
  { description, sites, width }: SpinTransformer,
  layers: readonly LayerResult[],
  device: DeviceDescription,
  observe: readonly ObservableName[],
): string {
  const { kind, heads, beta } = description;
  const symbols = observe.map((name) => observables[name as keyof typeof observables].symbol);
  const rows = layers.map(({ status, residual, iterations, observables: observed }, layer) => [
    String(layer + 1),
    status,
    residual.toExponential(1),
    String(iterations),
    ...observe.map((name) => (observed[name] ?? NaN).toPrecision(4)),
  ]);
  return [
    labelled("module", `${path}: ${kind}, N = ${sites}, ${heads} heads of D = ${width / heads}, β = ${beta}`),
    deviceLine(device),
    labelled("strategy", describeStrategy(layers[0].strategy)),
    "",
    table([["layer", "status", "residual", "steps", ...symbols], ...rows]),
  ].join("\n");
}
