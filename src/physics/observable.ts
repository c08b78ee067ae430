/** What an observable is: a record of the table in `observables.ts`. */
import type { Measurement, RawMoments, SampleMoments } from "./moments.js";

export const BASIC = ["state", "rows", "profile", "response", "samples"] as const;

/** Systems and runs that an observable is defined for; what is absent is not restricted. */
export interface Scope {
  readonly spins?: "binary" | "sphere";
  /** `rows`: softmax rows; `unit-rows`: those, or a matrix whose rows sum to one. */
  readonly couplings?: "rows" | "symmetric" | "unit-rows";
  /** All sites have the same β. */
  readonly oneBeta?: true;
  /** J does not follow the state. */
  readonly frozen?: true;
  readonly closure?: "naive";
  /** More steps than this; a steady state has none. */
  readonly stepsAbove?: number;
  /** Of monte-carlo, two chains at least. */
  readonly pairs?: true;
  /** Of monte-carlo, one β and thin 1. */
  readonly everyStep?: true;
}

export interface Observable {
  readonly name: string;
  /** Symbol and unit as they stand on an axis. */
  readonly symbol: string;
  readonly description: string;
  /** Section of the equations, and the publication. */
  readonly reference: string;
  /**
   * `state`: any system; `rows`: softmax rows; `profile`: the profile of its name; `response`: the shifted fields, two more
   * systems a point; `samples`: monte-carlo only; else extra work.
   */
  readonly needs: (typeof BASIC)[number] | Measurement;
  readonly scope?: Scope;
  readonly compute: (raw: RawMoments) => number;
  /** The same of monte-carlo; absent where it has none. */
  readonly sampled?: (samples: SampleMoments) => number;
  /** Independent units of its jackknife over chains: disjoint pairs of them, where it is made of pairs. */
  readonly units?: "pairs";
  /** A ratio: over disorder samples the moments are averaged, never the ratios (equations 7.4). */
  readonly ratio?: true;
}
