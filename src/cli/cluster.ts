/** `onsager cluster FILE`: tokens on the unit sphere under self-attention, as a map, a flow, or with noise. */
import type { Command } from "commander";
import { cluster } from "../engine/clustering.js";
import type { CouplingRequest } from "../engine/coupling-strategy.js";
import { openExecutor } from "../engine/devices.js";
import type { DeviceDescription, Executor } from "../engine/executor.js";
import { continueCouplings, dynamicsOf, realiseClouds, type TokenClouds } from "../engine/token-clouds.js";
import { readDocument } from "../files/documents.js";
import { writeNpy } from "../files/npy.js";
import { OutputFolder } from "../files/output-folder.js";
import { orderOfCosine } from "../physics/moments.js";
import { type SampleSummary, summarize } from "../physics/statistics.js";
import { type NoisyDescription, parseClouds } from "../physics/token-clouds.js";
import { hysteresisCsv, hysteresisFigure } from "../sweep/hysteresis.js";
import { documentLoader } from "../verify/load-system.js";
import { EXIT } from "./exit-codes.js";
import { type Invocation, withDevice } from "./invocation.js";
import { deviceOption, type DeviceSelection, memoryOption, precisionOption, strategyOption } from "./options.js";
import { openProgress } from "./progress.js";
import type { Session } from "./session.js";
import { deviceLine, labelled, table } from "./text-layout.js";

interface ClusterCommandOptions extends CouplingRequest {
  readonly json?: boolean;
  readonly out?: string;
  readonly replace?: boolean;
  readonly select: string | undefined;
  readonly memory: number;
  readonly version: string;
  readonly command: string;
}

export function addCluster(program: Command, invocation: Invocation): void {
  type Parsed = Omit<ClusterCommandOptions, "select" | "version" | "command"> & DeviceSelection;
  program
    .command("cluster")
    .description("Tokens on the unit sphere under self-attention: a map, a flow, or a noisy flow.")
    .argument("<tokens>", "YAML or JSON file; paths of arrays in it are relative to it")
    .addOption(strategyOption())
    .addOption(precisionOption())
    .option("--json", "print one JSON object")
    .option("--out <folder>", "write result.json, and trajectory.npy or the hysteresis figure")
    .option("--replace", "let --out replace results of an earlier run")
    .addOption(deviceOption())
    .addOption(memoryOption())
    .addHelpText("after", "\nExample:\n  onsager cluster examples/noisy-attention.yaml --out out/hysteresis")
    .action((path: string, options: Parsed) =>
      withDevice(invocation, options, (select) => {
        const { session, version, command } = invocation;
        return clusterCommand(path, { ...options, select, version, command }, session);
      }),
    );
}

/** What a kind of run makes of itself: one object, a text, and the files beside result.json. */
interface Report {
  readonly result: object;
  readonly text: string;
  readonly write: (folder: OutputFolder, device: DeviceDescription) => Promise<string[]>;
}

/**
 * @returns the exit code
 * @throws InputError naming the key or the file
 */
async function clusterCommand(path: string, options: ClusterCommandOptions, session: Session): Promise<number> {
  const description = parseClouds(await readDocument(path), path);
  const tokens = await realiseClouds(description, documentLoader(path), path);
  const { strategy, precision, version, command } = options;
  const folder = options.out === undefined ? undefined : await OutputFolder.create(options.out, options);
  try {
    const executor = await openExecutor({ select: options.select, memoryLimit: options.memory });
    const progress = openProgress(session, "tokens");
    let report: Report;
    try {
      const request = { ...(strategy && { strategy }), ...(precision && { precision }), progress: progress.update };
      report = isContinued(tokens)
        ? await continued(executor, tokens, request)
        : await evolved(executor, tokens, request, folder !== undefined);
    } finally {
      progress.stop();
      executor.dispose();
    }
    const { device } = executor;
    const { kind, beta, seed } = description;
    const { count, dimension, clouds } = tokens;
    const replicas = clouds.length;
    const whole = { kind, count, dimension, beta, replicas, seed, ...report.result, device, version };
    const json = JSON.stringify(whole, null, 2);
    const head = [
      labelled("tokens", `${path}: ${kind}, n = ${count}, d = ${dimension}, β = ${beta}, ${replicas} replicas`),
      deviceLine(device),
    ];
    session.print(options.json ? json : [...head, "", report.text].join("\n"));
    if (folder) {
      await folder.write("result.json", `${json}\n`);
      const files = ["result.json", ...(await report.write(folder, device))];
      await folder.commit({ command, tokens: path, version, device, files });
    }
    return EXIT.done;
  } catch (error) {
    await folder?.abandon();
    throw error;
  }
}

function isContinued(tokens: TokenClouds): tokens is TokenClouds & { readonly description: NoisyDescription } {
  return tokens.description.kind === "noisy" && tokens.description.couplings !== undefined;
}

type Request = CouplingRequest & { readonly progress: (fraction: number) => void };

async function evolved(
  executor: Executor,
  { description, count, dimension, clouds, every }: TokenClouds,
  request: Request,
  trajectory: boolean,
): Promise<Report> {
  const { steps } = description;
  const dynamics = dynamicsOf(description);
  const results = await cluster(executor, clouds, { dimension, dynamics, steps, every, trajectory, ...request });
  const interval = description.kind === "map" ? 1 : description.timeStep;
  const history = results[0].cosines.map((_, k) => {
    const cosines = results.map((result) => result.cosines[k]);
    return {
      time: k * every * interval,
      pairCosine: shown(summarize(cosines)),
      order: shown(summarize(cosines.map((cosine) => orderOfCosine(cosine, count)))),
    };
  });
  const rows = history.map(({ time, pairCosine, order }) => {
    return [time.toPrecision(4), ...withError(pairCosine), ...withError(order)];
  });
  const bars = clouds.length > 1;
  const header = [description.kind === "map" ? "layer" : "time", ...titles("pair cosine", bars), ...titles("r", bars)];
  return {
    result: { steps, history },
    text: table([header, ...rows]),
    write: async (folder, { precision }) => {
      const values = new Float64Array(history.length * clouds.length * count * dimension);
      results.forEach((result, replica) =>
        result.trajectory!.forEach((state, k) => values.set(state, (k * clouds.length + replica) * state.length)),
      );
      const shape = [history.length, clouds.length, count, dimension];
      await writeNpy(await folder.path("trajectory.npy"), shape, values, precision === "f32" ? "<f4" : "<f8");
      return ["trajectory.npy"];
    },
  };
}

async function continued(
  executor: Executor,
  tokens: TokenClouds & { readonly description: NoisyDescription },
  request: Request,
): Promise<Report> {
  const points = await continueCouplings(executor, tokens, request);
  const { count, dimension, clouds, description } = tokens;
  const rows = points.map(({ coupling, direction, order, pairCosine }) => {
    return [direction, coupling.toPrecision(6), ...withError(shown(order)), ...withError(shown(pairCosine))];
  });
  const bars = clouds.length > 1;
  const header = ["", "K", ...titles("r", bars), ...titles("pair cosine", bars)];
  return {
    result: {
      points: points.map((point) => ({ ...point, order: shown(point.order), pairCosine: shown(point.pairCosine) })),
    },
    text: table([header, ...rows]),
    write: async (folder) => {
      const unnormalised = description.weights !== "softmax";
      const figure = hysteresisFigure(points, { count, dimension, beta: description.beta, unnormalised });
      // Drawing takes a second to load.
      const { renderFigure } = await import("../sweep/figures/render.js");
      const { svg, png } = renderFigure(figure);
      await folder.write("hysteresis.csv", hysteresisCsv(points));
      await folder.write("plots/hysteresis.svg", svg);
      await folder.write("plots/hysteresis.png", png);
      return ["hysteresis.csv", "plots/hysteresis.svg", "plots/hysteresis.png"];
    },
  };
}

interface Shown {
  readonly mean: number;
  /** Of independent replicas; absent of a single one. */
  readonly standardError?: number;
}

function shown({ mean, standardError, count }: SampleSummary): Shown {
  return count > 1 ? { mean, standardError } : { mean };
}

const titles = (name: string, bars: boolean) => (bars ? [name, "±"] : [name]);

function withError({ mean, standardError }: Shown): string[] {
  return [mean.toFixed(6), ...(standardError === undefined ? [] : [standardError.toFixed(6)])];
}
