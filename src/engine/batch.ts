/** Systems that run together: same N, spins, heads and kind of couplings. Packs their arrays into the memory layout. */
import type { Couplings } from "../physics/couplings.js";
import type { Spins } from "../physics/spins.js";
import { pad } from "../reference/layout.js";
import type { Slot } from "./executor.js";
import type { Profiles, System } from "./realise.js";

/** One group a coupling matrix: `points[g]` are the systems that share `couplings[g]`. All groups have equal size. */
export interface SystemBatch {
  readonly spins: Spins;
  readonly sites: number;
  readonly heads: number;
  readonly couplings: readonly Couplings[];
  readonly points: readonly (readonly BatchPoint[])[];
}

export interface BatchPoint {
  readonly beta: number;
  /** x and m(0), [N][heads · D], unpadded. */
  readonly field: Float64Array;
  readonly initial: Float64Array;
  /** β of every site, [N], where they differ; `beta` everywhere unless given. */
  readonly betas?: Float64Array;
  /** As of `System`; all points of a batch have those of the same names. */
  readonly profiles?: Profiles;
}

/** β as `packSites` takes it. */
export const betasOf = ({ beta, betas }: BatchPoint): Float64Array | number => betas ?? beta;

/** What a point takes of a system. */
export function pointOf({ beta, field, initial, betas, profiles }: System): BatchPoint {
  return { beta, field, initial, ...(betas && { betas }), ...(profiles && { profiles }) };
}

/** A batch of one. */
export function batchOf(system: System): SystemBatch {
  const { spins, sites, heads, couplings } = system;
  return { spins, sites, heads, couplings: [couplings], points: [[pointOf(system)]] };
}

/** Rows rowStart .. rowStart + rowCount of every matrix: [matrix][rowCount][pad(N)]. */
export interface CouplingBlock {
  readonly rowStart: number;
  readonly rowCount: number;
  readonly couplings: Slot;
}

/** Counts and strides that every stage of a batch needs. */
export class BatchLayout {
  readonly points: number;
  readonly systems: number;
  readonly systemsPerCoupling: number;
  /** Coupling matrices: one a group and head. */
  readonly matrices: number;
  readonly components: number;
  /** Numbers from one component row to the next: pad(D), or 1 for binary spins. */
  readonly componentStride: number;
  /** pad(N). */
  readonly paddedSites: number;
  /** Numbers in the state of one system. */
  readonly stateLength: number;
  readonly sites: number;
  readonly heads: number;
  readonly radius: number;

  constructor(readonly batch: SystemBatch) {
    const { spins, sites, heads, couplings, points } = batch;
    const replicas = points[0].length;
    if (points.length !== couplings.length || points.some((group) => group.length !== replicas)) {
      throw new Error("a batch wants one group of points a coupling matrix, all of the same size");
    }
    this.sites = sites;
    this.heads = heads;
    this.radius = spins.radius;
    this.points = couplings.length * replicas;
    this.systemsPerCoupling = replicas;
    this.matrices = couplings.length * heads;
    this.systems = this.points * heads;
    this.components = spins.components;
    this.componentStride = spins.kind === "binary" ? 1 : pad(spins.components);
    this.paddedSites = pad(sites);
    this.stateLength = this.paddedSites * this.componentStride;
  }

  /** System of a group, head and replica: heads of one matrix group are apart, replicas of one matrix together. */
  system(group: number, head: number, replica: number): number {
    return (group * this.heads + head) * this.systemsPerCoupling + replica;
  }

  /** Packs [N][heads · D] arrays, one a point in order, into [system][pad(N)][componentStride]. */
  pack(arrayOf: (point: BatchPoint) => Float64Array): Float64Array {
    const packed = new Float64Array(this.systems * this.stateLength);
    const { heads, components, componentStride, sites, stateLength } = this;
    const width = heads * components;
    this.batch.points.forEach((group, g) =>
      group.forEach((point, replica) => {
        const values = arrayOf(point);
        for (let head = 0; head < heads; head++) {
          const base = this.system(g, head, replica) * stateLength;
          if (width === componentStride) {
            packed.set(values, base);
            continue;
          }
          for (let site = 0; site < sites; site++) {
            const from = site * width + head * components;
            const to = base + site * componentStride;
            for (let k = 0; k < components; k++) packed[to + k] = values[from + k];
          }
        }
      }),
    );
    return packed;
  }

  /** One number a site of every system, or one for all of its sites, [system][pad(N)]. */
  packSites(valuesOf: (point: BatchPoint) => Float64Array | number): Float64Array {
    const packed = new Float64Array(this.systems * this.paddedSites);
    this.batch.points.forEach((group, g) =>
      group.forEach((point, replica) => {
        const values = valuesOf(point);
        for (let head = 0; head < this.heads; head++) {
          const start = this.system(g, head, replica) * this.paddedSites;
          if (typeof values === "number") packed.fill(values, start, start + this.sites);
          else packed.set(values, start);
        }
      }),
    );
    return packed;
  }

  /** The state of one point, [N][heads · D], out of a packed array of all systems. */
  unpack(packed: Float64Array, group: number, replica: number): Float64Array {
    const width = this.heads * this.components;
    const state = new Float64Array(this.sites * width);
    for (let head = 0; head < this.heads; head++) {
      const base = this.system(group, head, replica) * this.stateLength;
      for (let site = 0; site < this.sites; site++) {
        const from = base + site * this.componentStride;
        state.set(packed.subarray(from, from + this.components), site * width + head * this.components);
      }
    }
    return state;
  }
}

/** Pads the rows and columns of a matrix to multiples of four with zeros; takes columns first .. first + columns. */
export function padMatrix(
  values: Float64Array,
  shape: { rows: number; width: number; first: number; columns: number; paddedRows: number },
): Float64Array {
  const { rows, width, first, columns, paddedRows } = shape;
  const stride = pad(columns);
  const padded = new Float64Array(paddedRows * stride);
  if (width === stride && columns === width) {
    padded.set(values.subarray(0, rows * width));
    return padded;
  }
  for (let row = 0; row < rows; row++) {
    padded.set(values.subarray(row * width + first, row * width + first + columns), row * stride);
  }
  return padded;
}
