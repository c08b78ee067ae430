/** Spin-transformer modules on an executor, layer after layer: equations 9.1 and 9.2. */
import type { MatrixInput } from "../physics/arrays.js";
import type { Couplings } from "../physics/couplings.js";
import { InputError } from "../physics/input-error.js";
import type { ObservableName } from "../physics/observables.js";
import type { PerLayer, SpinTransformerDescription } from "../physics/spin-transformer.js";
import { defaultRadius } from "../physics/spins.js";
import { pad } from "../reference/layout.js";
import { erf } from "../physics/theory/error-function.js";
import { gaussianMatrix, STREAMS, type Stream, uniformMatrix, unitDirections } from "../reference/random.js";
import { responseGain } from "../reference/responses.js";
import { MASKS } from "../reference/scores.js";
import { checkFinite, type LoadArray, numbersOf, scaled, shaped } from "./array-inputs.js";
import { padMatrix, type SystemBatch } from "./batch.js";
import type { CouplingRequest } from "./coupling-strategy.js";
import type { Executor } from "./executor.js";
import { ROPE_BASE } from "./realise-couplings.js";
import { ExecutorScope } from "./scope.js";
import { type PointResult, simulate } from "./simulate.js";

/** Weights of one layer, row-major, rows being outputs. */
interface LayerWeights {
  /** [2W][W] */
  readonly queryKey: Float64Array;
  /** [W][W] */
  readonly value?: Float64Array;
  /** [4W][W] and [W][4W] */
  readonly feedForward?: { readonly up: Float64Array; readonly down: Float64Array };
}

/** A module as numbers. */
export interface SpinTransformer {
  readonly description: SpinTransformerDescription;
  /** N, W = heads · D. */
  readonly sites: number;
  readonly width: number;
  /** X, [N][W]. */
  readonly tokens: Float64Array;
  readonly layers: readonly LayerWeights[];
}

/** What a layer gave: its output as `state`, [N][W], and what was observed of it. */
export type LayerResult = PointResult & { readonly state: Float64Array };

/** @throws InputError naming the key whose shape, values or file do not fit */
export async function realiseSpinTransformer(
  description: SpinTransformerDescription,
  load: LoadArray,
  context: string,
): Promise<SpinTransformer> {
  const { heads, seed, count = 0, dimension = 0 } = description;
  const given = await numbersOf(description.tokens, load);
  if (given) checkFinite(given, `${context}: tokens`);
  const [sites, width = 1] = given?.shape ?? [count, heads * dimension];
  if (!(width % heads === 0 && width / heads >= 3)) {
    throw new InputError(`${context}: tokens`, `width ${width}`, `heads = ${heads} times a dimension of at least 3`);
  }
  const draw = (input: MatrixInput, rows: number, columns: number, stream: Stream, sample: number) => {
    const { kind, std, norm } = input as { kind: string; std?: number; norm?: number };
    const source = { seed, stream, sample };
    if (kind === "gaussian") return gaussianMatrix(rows, columns, source, std);
    return scaled(unitDirections(rows, columns, source), norm ?? 1);
  };
  const matrix = async (input: PerLayer, layer: number, shape: readonly [number, number, string, Stream]) => {
    const [rows, columns, key, stream] = shape;
    const own: MatrixInput = typeof input === "object" && "layers" in input ? input.layers[layer] : input;
    const array = await numbersOf(own, load);
    if (array === undefined) return draw(own, rows, columns, stream, layer);
    checkFinite(array, `${context}: ${key}`);
    return shaped(array, rows, columns, `${context}: ${key}`);
  };
  /** Uniform in ±1/√W, as the layers of the publications start. */
  const initial = (rows: number, columns: number, stream: Stream, layer: number) =>
    uniformMatrix(rows, columns, { seed, stream, sample: layer }).map((value) => (2 * value - 1) / Math.sqrt(columns));
  const layers: LayerWeights[] = [];
  for (let layer = 0; layer < description.layers; layer++) {
    const { queryKey } = description;
    const attention =
      queryKey === undefined
        ? initial(2 * width, width, STREAMS.queryWeights, layer)
        : await matrix(queryKey, layer, [2 * width, width, "queryKey", STREAMS.queryWeights]);
    if (description.kind === "spin-transformer-2023") {
      layers.push({ queryKey: attention });
      continue;
    }
    const { value, start, feedForward } = description;
    const learned =
      start !== "learned"
        ? undefined
        : value === undefined
          ? initial(width, width, STREAMS.valueWeights, layer)
          : await matrix(value, layer, [width, width, "value", STREAMS.valueWeights]);
    const blocks = feedForward && {
      up: await matrix(feedForward.up, layer, [4 * width, width, "feedForward.up", STREAMS.feedForwardUp]),
      down: await matrix(feedForward.down, layer, [width, 4 * width, "feedForward.down", STREAMS.feedForwardDown]),
    };
    layers.push({
      queryKey: attention,
      ...(learned && { value: learned }),
      ...(blocks && { feedForward: blocks }),
    });
  }
  const tokens = given
    ? shaped(given, sites, width, `${context}: tokens`)
    : draw(description.tokens, sites, width, STREAMS.field, 0);
  return { description, sites, width, tokens, layers };
}

export interface SpinTransformerOptions extends CouplingRequest {
  readonly observe: readonly ObservableName[];
  readonly progress?: (fraction: number) => void;
}

/**
 * Runs all layers; the output of each is the input of the next.
 * @returns one result a layer
 * @throws InputError if a head of a `magnetization` carrier lies outside the ball
 */
export async function runSpinTransformer(
  executor: Executor,
  module: SpinTransformer,
  options: SpinTransformerOptions,
): Promise<LayerResult[]> {
  const results: LayerResult[] = [];
  let tokens = module.tokens;
  const { progress, ...settings } = options;
  for (const [layer, weights] of module.layers.entries()) {
    const result =
      module.description.kind === "spin-transformer-2023"
        ? await layer2023(executor, module, tokens, weights, settings)
        : await layer2026(executor, module, tokens, weights, settings, results.at(-1)?.state);
    results.push(result);
    tokens = result.state;
    progress?.((layer + 1) / module.layers.length);
  }
  return results;
}

async function layer2023(
  executor: Executor,
  module: SpinTransformer,
  tokens: Float64Array,
  { queryKey }: LayerWeights,
  options: Omit<SpinTransformerOptions, "progress">,
): Promise<LayerResult> {
  const { description, width, sites } = module;
  const { heads, beta, mask } = description;
  const { closure, scale } = description as Extract<SpinTransformerDescription, { kind: "spin-transformer-2023" }>;
  const dimension = width / heads;
  const field = normalisedHeads(tokens, dimension, defaultRadius(dimension));
  const couplings = {
    ...attention(module, queryKey),
    scale,
    mask,
  };
  // F(x + J m_0), every component of m_0 being 1/√D, is one naive step.
  const ones = new Float64Array(sites * width).fill(1 / Math.sqrt(dimension));
  const start = await runSystem(
    executor,
    module,
    couplings,
    { beta, field, initial: ones },
    {
      ...options,
      observe: [],
      closure: "naive",
      run: { steps: 1 },
    },
  );
  return runSystem(
    executor,
    module,
    couplings,
    { beta, field, initial: start.state },
    {
      ...options,
      closure,
      run: { steady: {} },
    },
  );
}

async function layer2026(
  executor: Executor,
  module: SpinTransformer,
  tokens: Float64Array,
  weights: LayerWeights,
  options: Omit<SpinTransformerOptions, "progress">,
  carried: Float64Array | undefined,
): Promise<LayerResult> {
  const { width, sites } = module;
  const description = module.description as Extract<SpinTransformerDescription, { kind: "spin-transformer-2026" }>;
  const { heads, beta, mask, carrier, start, steps, qkNorm, rope } = description;
  const dimension = width / heads;
  const radius = defaultRadius(dimension);
  const { temperature = Math.sqrt(dimension) } = description;
  const features = normalisedHeads(tokens, dimension, radius);
  const drive = carrier === "field" ? tokens.slice() : fieldsOfMeans(tokens, dimension, radius, beta);
  if (weights.feedForward) {
    const { up, down } = weights.feedForward;
    const hidden = (await linear(executor, features, up, width)).map(gelu);
    const added = await linear(executor, hidden, down, 4 * width);
    added.forEach((value, k) => (drive[k] += value));
  }
  let initial: Float64Array = new Float64Array(sites * width);
  if (start === "carried" && carried) initial = carried;
  if (weights.value) {
    initial = meansOfFields(await linear(executor, features, weights.value, width), dimension, radius, beta);
  }
  const couplings = {
    ...attention(module, weights.queryKey, features),
    scale: qkNorm ? Math.abs(temperature) : Math.abs(temperature) / dimension,
    mask,
    ...(qkNorm && { qkNorm }),
    ...(rope && { ropeBase: ROPE_BASE }),
  };
  const run = steps === "steady" ? { steady: {} } : { steps };
  return runSystem(executor, module, couplings, { beta, field: drive, initial }, { ...options, closure: "naive", run });
}

/** Attention of all heads by the weights of a layer, of the field or of features of its own. */
function attention(
  { width, description: { heads } }: SpinTransformer,
  queryKey: Float64Array,
  features?: Float64Array,
) {
  return {
    kind: "attention",
    heads,
    dimension: width / heads,
    features: {
      source: "field",
      queryWeights: queryKey.subarray(0, width * width),
      keyWeights: queryKey.subarray(width * width),
      ...(features && { vectors: features }),
    },
  } as const;
}

async function runSystem(
  executor: Executor,
  { sites, width, description: { heads } }: SpinTransformer,
  couplings: Couplings,
  point: SystemBatch["points"][number][number],
  options: Parameters<typeof simulate>[2],
): Promise<LayerResult> {
  const dimension = width / heads;
  const spins = {
    kind: "sphere",
    components: dimension,
    radius: defaultRadius(dimension),
    response: "large-d",
  } as const;
  const batch: SystemBatch = { spins, sites, heads, couplings: [couplings], points: [[point]] };
  const [[result]] = await simulate(executor, batch, { ...options, states: true });
  return { ...result, state: result.state ?? new Float64Array() };
}

/** y = x Wᵀ, [N][outputs]: a product of rows with rows, which is what `scores` computes. */
async function linear(
  executor: Executor,
  inputs: Float64Array,
  weights: Float64Array,
  columns: number,
): Promise<Float64Array> {
  const rows = inputs.length / columns;
  const outputs = weights.length / columns;
  const scope = new ExecutorScope(executor);
  const upload = (label: string, values: Float64Array, count: number) =>
    scope.upload(label, padMatrix(values, { rows: count, width: columns, first: 0, columns, paddedRows: pad(count) }));
  try {
    const product = scope.allocate("product", rows * pad(outputs));
    scope.run({
      kernel: "scores",
      arrays: {
        queries: upload("inputs", inputs, rows),
        keys: upload("weights", weights, outputs),
        scales: scope.upload("unit scale", Float64Array.of(1)),
        available: scope.unread,
        scores: product,
      },
      params: {
        couplings: 1,
        rows,
        rowStart: 0,
        rowCount: rows,
        columns: outputs,
        dimension: columns,
        querySharing: 1,
      },
      constants: { MASK: MASKS.none },
    });
    const values = await scope.read(product);
    const found = new Float64Array(rows * outputs);
    for (let row = 0; row < rows; row++) {
      found.set(values.subarray(row * pad(outputs), row * pad(outputs) + outputs), row * outputs);
    }
    return found;
  } finally {
    scope.dispose();
  }
}

const gelu = (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2));

/** Every head of every token scaled to a norm; one that is zero stays zero. */
function normalisedHeads(tokens: Float64Array, dimension: number, norm: number): Float64Array {
  return mapHeads(tokens, dimension, (length) => (length > 0 ? norm / length : 0));
}

/** F(h) of every head. */
function meansOfFields(fields: Float64Array, dimension: number, radius: number, beta: number): Float64Array {
  return mapHeads(fields, dimension, (length) => responseGain(length, beta, radius, dimension, "large-d"));
}

/** F⁻¹(m) of every head. */
function fieldsOfMeans(means: Float64Array, dimension: number, radius: number, beta: number): Float64Array {
  return mapHeads(means, dimension, (length, head) => {
    if (length < radius) return (2 * radius * radius) / (beta * (radius * radius - length * length));
    throw new InputError(`tokens, head ${head}`, `norm ${length.toPrecision(6)}`, `below R = ${radius.toPrecision(6)}`);
  });
}

function mapHeads(
  values: Float64Array,
  dimension: number,
  gainOf: (length: number, head: number) => number,
): Float64Array {
  const mapped = new Float64Array(values.length);
  for (let from = 0; from < values.length; from += dimension) {
    const head = values.subarray(from, from + dimension);
    const gain = gainOf(Math.hypot(...head), from / dimension);
    head.forEach((value, k) => (mapped[from + k] = gain * value));
  }
  return mapped;
}
