/** What attention couplings are made of, on an executor: λ Q, K, the mask, and the stages that make Q and K of features. */
import type { AttentionFeatures, Couplings } from "../physics/couplings.js";
import { pad } from "../reference/layout.js";
import { rotaryAngles } from "../reference/query-key-transform.js";
import { MASKS } from "../reference/scores.js";
import { type BatchLayout, padMatrix } from "./batch.js";
import type { Executor, Slot } from "./executor.js";

type Given = Extract<AttentionFeatures, { source: "given" }>;

/** Bytes of everything that an `AttentionInputs` holds. */
export function attentionBytes(
  layout: BatchLayout,
  { dimension, features, available, ropeBase }: Extract<Couplings, { kind: "attention" }>,
  elementBytes: number,
): number {
  const { heads, matrices, paddedSites, components, stateLength } = layout;
  const width = pad(heads * components);
  const queriesAndKeys = 2 * matrices * paddedSites * pad(dimension);
  const weights = 2 * matrices * pad(dimension) * width + (matrices / heads) * paddedSites * width;
  const fromWeights = features.source === "given" ? 0 : weights;
  const field = features.source === "field" ? matrices * stateLength : 0;
  const mask = available?.length ?? 0;
  const angles = ropeBase === undefined ? 0 : paddedSites * pad(dimension);
  return elementBytes * (queriesAndKeys + fromWeights + field + mask + angles + 2 * matrices);
}

/** Makes Q and K of features where weights are given. The scale λ of the scores is in the queries. */
export class AttentionInputs {
  /** λ Q and K, [matrix][pad(N)][pad(d)]. */
  readonly queries: Slot;
  readonly keys: Slot;
  /** [N][N], unread unless the mask is a user's. */
  readonly available: Slot;
  /** MASK of the shaders. */
  readonly mask: number;
  /** d of one head. */
  readonly dimension: number;
  /** True if Q and K follow the state. */
  readonly followState: boolean;
  readonly #scales: Slot;
  readonly #weights: { readonly query: Slot; readonly key: Slot; readonly features: Slot } | undefined;
  readonly #frozenFeatures: Slot | undefined;
  /** Of qkNorm and RoPE; undefined without either. */
  readonly #transform: { readonly NORMALISE: boolean; readonly ROTATE: boolean; readonly rotations: Slot } | undefined;

  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    private readonly own: (slot: Slot) => Slot,
  ) {
    const all = layout.batch.couplings as readonly Extract<Couplings, { kind: "attention" }>[];
    const { heads, sites, paddedSites, matrices } = layout;
    const [first] = all;
    this.dimension = first.dimension;
    this.mask = MASKS[first.mask];
    this.available = first.available ? own(executor.upload("mask", first.available)) : executor.unread;
    this.#scales = own(
      executor.upload("scales", Float64Array.from(all.flatMap(({ scale }) => Array<number>(heads).fill(scale)))),
    );
    this.followState = first.features.source === "state";
    const { qkNorm: NORMALISE = false, ropeBase } = first;
    if (NORMALISE || ropeBase !== undefined) {
      const positions = Array.from({ length: sites }, (_, site) => site);
      const rotations =
        ropeBase === undefined
          ? executor.unread
          : own(executor.upload("rotations", rotaryAngles(positions, this.dimension, ropeBase)));
      this.#transform = { NORMALISE, ROTATE: ropeBase !== undefined, rotations };
    }
    const perMatrix = (arrayOf: (features: Given, scale: number) => Float64Array) => {
      const stride = paddedSites * pad(this.dimension);
      const packed = new Float64Array(matrices * stride);
      all.forEach(({ features, scale }, g) => {
        for (let head = 0; head < heads; head++) {
          const first = head * this.dimension;
          const shape = {
            rows: sites,
            width: heads * this.dimension,
            first,
            columns: this.dimension,
            paddedRows: paddedSites,
          };
          packed.set(padMatrix(arrayOf(features as Given, scale), shape), (g * heads + head) * stride);
        }
      });
      return packed;
    };
    if (first.features.source === "given") {
      this.queries = own(
        executor.upload(
          "queries",
          perMatrix(({ queries }: Given, scale) => (this.#transform ? queries : queries.map((value) => scale * value))),
        ),
      );
      this.keys = own(
        executor.upload(
          "keys",
          perMatrix(({ keys }: Given) => keys),
        ),
      );
      this.#recordTransform();
      return;
    }
    if (layout.systemsPerCoupling !== 1 && first.features.source === "state") {
      throw new Error("couplings that follow the state belong to one system each");
    }
    this.queries = own(executor.allocate("queries", matrices * paddedSites * pad(this.dimension)));
    this.keys = own(executor.allocate("keys", matrices * paddedSites * pad(this.dimension)));
    const width = heads * layout.components;
    const packWeights = (key: "queryWeights" | "keyWeights") => {
      const stride = pad(this.dimension) * pad(width);
      const packed = new Float64Array(matrices * stride);
      all.forEach(({ features }, g) => {
        const weights = (features as Exclude<AttentionFeatures, { source: "given" }>)[key];
        for (let head = 0; head < heads; head++) {
          const rows = weights.subarray(head * this.dimension * width, (head + 1) * this.dimension * width);
          const shape = { rows: this.dimension, width, first: 0, columns: width, paddedRows: pad(this.dimension) };
          packed.set(padMatrix(rows, shape), (g * heads + head) * stride);
        }
      });
      return own(executor.upload(key, packed));
    };
    this.#weights = {
      query: packWeights("queryWeights"),
      key: packWeights("keyWeights"),
      features: own(executor.allocate("features", all.length * paddedSites * pad(width))),
    };
    if (first.features.source === "field") {
      // The field of the first point of a group, unless it has features of its own: one array a group.
      const vectors = new Map(
        all.map(({ features }, k) => [
          layout.batch.points[k][0],
          features.source === "field" ? features.vectors : undefined,
        ]),
      );
      const fields = layout.pack((point) => vectors.get(point) ?? point.field);
      const ofFirst = new Float64Array(matrices * layout.stateLength);
      for (let matrix = 0; matrix < matrices; matrix++) {
        const from = matrix * layout.systemsPerCoupling * layout.stateLength;
        ofFirst.set(fields.subarray(from, from + layout.stateLength), matrix * layout.stateLength);
      }
      this.#frozenFeatures = own(executor.upload("feature field", ofFirst));
    }
  }

  /** Records Q and K for the state (source `state`) or for the field (source `field`). */
  refresh(state: Slot): void {
    if (this.#weights === undefined) return;
    const { executor, layout } = this;
    const { heads, sites, components, componentStride, paddedSites, matrices } = layout;
    const { query, key, features } = this.#weights;
    executor.run({
      kernel: "concatenate-heads",
      arrays: { state: this.#frozenFeatures ?? state, features },
      params: { models: matrices / heads, heads, sites, components, componentStride },
      constants: {},
    });
    // q = f W_Qᵀ is a product of rows with rows, which is what `scores` computes; its rows run over the padding too,
    // so that queries and keys are zero there.
    for (const [weights, scales, product] of [
      [query, this.#transform ? this.#unitScales() : this.#scales, this.queries],
      [key, this.#unitScales(), this.keys],
    ]) {
      executor.run({
        kernel: "scores",
        arrays: {
          queries: features,
          keys: weights,
          scales,
          available: executor.unread,
          scores: product,
        },
        params: {
          couplings: matrices,
          rows: sites,
          rowStart: 0,
          rowCount: paddedSites,
          columns: this.dimension,
          dimension: heads * components,
          querySharing: heads,
        },
        constants: { MASK: MASKS.none },
      });
    }
    this.#recordTransform();
  }

  /** qkNorm and RoPE, in place; the scale λ, which a norm would forget, goes in here. */
  #recordTransform(): void {
    if (this.#transform === undefined) return;
    const { matrices, sites } = this.layout;
    const { rotations, NORMALISE, ROTATE } = this.#transform;
    for (const [scales, vectors] of [
      [this.#scales, this.queries],
      [this.#unitScales(), this.keys],
    ]) {
      this.executor.run({
        kernel: "query-key-transform",
        arrays: { rotations, scales, vectors },
        params: { couplings: matrices, rows: sites, dimension: this.dimension },
        constants: { NORMALISE, ROTATE },
      });
    }
  }

  #units: Slot | undefined;
  #unitScales(): Slot {
    this.#units ??= this.own(this.executor.upload("unit scales", new Float64Array(this.layout.matrices).fill(1)));
    return this.#units;
  }
}
