/** Monte Carlo chains as systems of a batch: who shares couplings with whom, where they start, and their random numbers. */
import { followsState } from "../physics/observable-scope.js";
import { besselRatioInverse } from "../reference/bessel.js";
import { chainsOf } from "../reference/chain-overlap.js";
import { chainKey } from "../reference/random.js";
import { BatchLayout, type SystemBatch } from "./batch.js";
import type { Executor, Slot } from "./executor.js";

/** What names a point to the random numbers, wherever its batch is run. */
export interface PointIdentity {
  readonly seed: number;
  /** Index of the point as the user counts them, and its disorder sample. */
  readonly point: number;
  readonly sample: number;
}

/**
 * `up`      all spins along the all-ones direction
 * `random`  independent, without a preferred direction
 * `given`   independent, with the means of the initial state; a mean of length R is the spin itself
 * `both`    the first half of the chains `up`, the rest `random`: what the thermalisation check wants
 */
export const CHAIN_STARTS = ["both", "up", "random", "given"] as const;
export type ChainStart = (typeof CHAIN_STARTS)[number];

/** A mean this close to R, in units of R, is a fixed spin. */
const FIXED = 1e-9;

/** A field that fixes a binary spin: the other sign has probability exp(-86). */
const FIXING_FIELD = 43;

export class Chains {
  readonly layout: BatchLayout;
  /** Distance between the systems of two chains of one point and head. */
  readonly stride: number;
  /** One set a point and head: its chains. */
  readonly sets: number;

  constructor(
    private readonly batch: SystemBatch,
    readonly count: number,
    private readonly identity: (group: number, replica: number) => PointIdentity,
  ) {
    // J that follows the spins is another one for every chain.
    const separate = followsState(batch.couplings[0]);
    const repeat = <Item>(item: Item) => Array.from({ length: count }, () => item);
    this.layout = new BatchLayout({
      ...batch,
      couplings: separate ? batch.couplings.flatMap(repeat) : batch.couplings,
      points: separate
        ? batch.points.flatMap((group) => repeat(group))
        : batch.points.map((group) => group.flatMap(repeat)),
    });
    this.stride = separate ? batch.heads : 1;
    this.sets = this.layout.systems / count;
  }

  /** The set of a point and head. */
  set(group: number, head: number, replica: number): number {
    return (group * this.batch.heads + head) * this.batch.points[0].length + replica;
  }

  /** The systems that are the chains of a set. */
  systems(set: number): number[] {
    return chainsOf(set, { chains: this.count, chainStride: this.stride });
  }

  /** [system][4], the random numbers of every chain. */
  keys(): Uint32Array {
    const keys = new Uint32Array(4 * this.layout.systems);
    this.#forEach((system, { group, head, replica, chain }) =>
      keys.set(chainKey({ ...this.identity(group, replica), chain, head }), 4 * system),
    );
    return keys;
  }

  /**
   * What the start is drawn from with β = 1: a field for every site, zero where there is no preference.
   * `fixed` are systems whose spins are given, and those spins, [pad(N)][componentStride].
   */
  start(kind: ChainStart): StartOfChains {
    const { layout, batch, count } = this;
    const { stateLength, systems, sites, components, componentStride, radius } = layout;
    const field = new Float64Array(systems * stateLength);
    const fixed: FixedStart[] = [];
    const up = new Float64Array(stateLength);
    for (let site = 0; site < sites; site++) {
      up.fill(radius / Math.sqrt(components), site * componentStride, site * componentStride + components);
    }
    const given = new Map<Float64Array, GivenStart[]>();
    this.#forEach((system, { group, head, replica, chain }) => {
      if (kind === "up" || (kind === "both" && chain < count / 2)) fixed.push({ system, spins: up });
      if (kind !== "given") return;
      const { initial } = batch.points[group][replica];
      const heads = given.get(initial) ?? Array.from({ length: batch.heads }, (_, k) => this.#given(initial, k));
      given.set(initial, heads);
      field.set(heads[head].field, system * stateLength);
      if (heads[head].fixed) fixed.push({ system, spins: heads[head].spins });
    });
    return { field, fixed };
  }

  /**
   * Every chain goes on from its own spins.
   * @param spins of the chains of a point, each [N][heads · D]
   */
  continued(spins: (group: number, replica: number) => readonly Float64Array[]): StartOfChains {
    const { systems, stateLength } = this.layout;
    const fixed: FixedStart[] = [];
    this.#forEach((system, { group, head, replica, chain }) =>
      fixed.push({ system, spins: this.#ofHead(spins(group, replica)[chain], head) }),
    );
    return { field: new Float64Array(systems * stateLength), fixed };
  }

  /** One head of [N][heads · D], as [pad(N)][componentStride]. */
  #ofHead(values: Float64Array, head: number): Float64Array {
    const { stateLength, sites, components, componentStride, heads } = this.layout;
    const own = new Float64Array(stateLength);
    for (let site = 0; site < sites; site++) {
      const from = (site * heads + head) * components;
      own.set(values.subarray(from, from + components), site * componentStride);
    }
    return own;
  }

  /** Means of one head as a start. */
  #given(initial: Float64Array, head: number): GivenStart {
    const { stateLength, sites, components, componentStride, radius } = this.layout;
    const field = new Float64Array(stateLength);
    const spins = this.#ofHead(initial, head);
    let fixed = true;
    for (let site = 0; site < sites; site++) {
      const mean = spins.subarray(site * componentStride, site * componentStride + components);
      const length = Math.hypot(...mean) / radius;
      fixed &&= Math.abs(length - 1) <= FIXED;
      const gain = length > 0 ? startField(length, components, radius) / (length * radius) : 0;
      field.set(
        mean.map((value) => gain * value),
        site * componentStride,
      );
    }
    return { field, spins, fixed };
  }

  #forEach(visit: (system: number, at: { group: number; head: number; replica: number; chain: number }) => void): void {
    this.batch.points.forEach((points, group) => {
      for (let head = 0; head < this.batch.heads; head++) {
        points.forEach((_, replica) =>
          this.systems(this.set(group, head, replica)).forEach((system, chain) =>
            visit(system, { group, head, replica, chain }),
          ),
        );
      }
    });
  }
}

interface FixedStart {
  readonly system: number;
  /** [pad(N)][componentStride] */
  readonly spins: Float64Array;
}

interface StartOfChains {
  readonly field: Float64Array;
  readonly fixed: readonly FixedStart[];
}

interface GivenStart {
  /** What the spins are drawn in, at β = 1. */
  readonly field: Float64Array;
  readonly spins: Float64Array;
  /** True if every mean is a spin. */
  readonly fixed: boolean;
}

/** |h| at β = 1 of a mean of this length in units of R. */
function startField(length: number, components: number, radius: number): number {
  if (components === 1) return Math.min(FIXING_FIELD, Math.atanh(Math.min(length, 1)));
  return besselRatioInverse(components, Math.min(length, 1 - FIXED)) / radius;
}

/** Copies fixed starts into a state; equal arrays are uploaded once. */
export async function placeFixed(
  executor: Executor,
  state: Slot,
  stateLength: number,
  fixed: readonly FixedStart[],
): Promise<void> {
  const uploaded = new Map<Float64Array, Slot>();
  for (const { system, spins } of fixed) {
    const slot = uploaded.get(spins) ?? executor.upload("fixed start", spins);
    uploaded.set(spins, slot);
    executor.copy(slot, state, { to: system * stateLength, length: stateLength });
  }
  await executor.flush(true);
  executor.free(...uploaded.values());
}
