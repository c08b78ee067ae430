/** Iterations m <- m + ω (G(m) - m) of a batch, plain or with Anderson mixing, decided on the device unit by unit. */
import { ANDERSON_MEMORY } from "../reference/anderson-gram.js";
import { CONTROL, CONTROL_FIELDS, PHASES } from "../reference/anderson-solve.js";
import { pad } from "../reference/layout.js";
import type { Executor, Slot } from "./executor.js";
import { Reducer, siteScalars } from "./reductions.js";

/** Larger than any residual: nothing has been evaluated yet. */
const UNSEEN = 1e30;

/** Iterations between two looks at the control numbers. */
const CHECK_EVERY = 16;

export interface Tolerances {
  /** Finished at this residual, */
  readonly goal: number;
  /** or at this one when it has not fallen for `patience` iterations. */
  readonly accept: number;
  readonly patience: number;
}

/** Where one unit stands. */
export interface Standing {
  readonly running: boolean;
  readonly diverged: boolean;
  /** Smallest residual, of the state in `best`. */
  readonly best: number;
  readonly last: number;
  /** Largest |m(k) - m(k-2)| of a component. */
  readonly twoStep: number;
  readonly iterations: number;
}

/** A map G of the states of some systems, [system][systemLength]. */
export interface IteratedMap {
  readonly systems: number;
  /** Systems that are judged as one lie side by side. */
  readonly systemsPerUnit: number;
  readonly systemLength: number;
  /** How the distance of a state from its image is measured, as the kernel `site-distance` takes it. */
  readonly sites: {
    readonly sites: number;
    readonly components: number;
    readonly componentStride: number;
    readonly radius: number;
  };
  /** Records the stages that turn `state` into `image`. */
  record(state: Slot, image: Slot): void;
}

/** Bytes that a `FixedPointIteration` allocates. */
export function iterationBytes(
  systems: number,
  systemLength: number,
  paddedSites: number,
  elementBytes: number,
): number {
  const states = 2 * ANDERSON_MEMORY + 3;
  // Control numbers, the Gram matrix, coefficients, and the passes of two reductions.
  const scalars = 64 + systemLength / 512;
  return elementBytes * systems * (states * systemLength + paddedSites + scalars);
}

/**
 * A unit is what is judged as one: a system, or all heads of a point where the couplings follow the state of all heads.
 * The systems of a unit lie side by side.
 */
export class FixedPointIteration {
  readonly units: number;
  /** Numbers in the state of one unit. */
  readonly unitLength: number;
  /** The best iterate of every unit. */
  readonly best: Slot;
  readonly #owned: Slot[] = [];
  readonly #image: Slot;
  readonly #twoSteps: Slot;
  readonly #iterates: Slot;
  readonly #residuals: Slot;
  readonly #distance: Slot;
  readonly #gram: Slot;
  readonly #coefficients: Slot;
  readonly #control: Slot;
  readonly #siteReducer: Reducer;
  readonly #stateReducer: Reducer;
  /** Iterations since the beginning; the history of states is a ring. */
  #count = 0;
  #control64: Float64Array;

  constructor(
    private readonly executor: Executor,
    private readonly map: IteratedMap,
    readonly state: Slot,
    private readonly damping: number,
  ) {
    const { systems, systemLength, systemsPerUnit, sites: measured } = map;
    const paddedSites = pad(measured.sites);
    this.units = systems / systemsPerUnit;
    this.unitLength = systemsPerUnit * systemLength;
    const allocate = (label: string, length: number) => {
      const slot = executor.allocate(label, length);
      this.#owned.push(slot);
      return slot;
    };
    const total = systems * systemLength;
    this.#image = allocate("image", total);
    this.best = allocate("best state", total);
    this.#twoSteps = allocate("two-step distance", total);
    this.#iterates = allocate("iterates", ANDERSON_MEMORY * total);
    this.#residuals = allocate("residual vectors", ANDERSON_MEMORY * total);
    this.#distance = allocate("site residual", systems * paddedSites);
    this.#gram = allocate("gram", this.units * ANDERSON_MEMORY ** 2);
    this.#coefficients = allocate("coefficients", this.units * ANDERSON_MEMORY);
    this.#control64 = new Float64Array(this.units * CONTROL_FIELDS);
    this.#control = allocate("control", this.#control64.length);
    const column = (rows: number) => ({ rows, rowStride: rows, columns: 1, columnStride: 1 });
    // Site distances of padded rows are zero, so a unit of several systems is one column.
    const sites = systemsPerUnit * paddedSites;
    const shape = systemsPerUnit > 1 ? { batch: this.units, ...column(sites) } : siteScalars(systems, measured.sites);
    this.#siteReducer = new Reducer(executor, shape);
    this.#stateReducer = new Reducer(executor, { batch: this.units, ...column(this.unitLength) });
  }

  dispose(): void {
    this.#siteReducer.dispose();
    this.#stateReducer.dispose();
    this.executor.free(...this.#owned.splice(0));
  }

  /** Starts the open units afresh at `iterations`; all others rest. */
  async start(open: readonly number[], iterations: number): Promise<void> {
    // The ring of earlier states starts anew too: those in it are of another trajectory.
    this.#count = 0;
    for (let unit = 0; unit < this.units; unit++) {
      const at = this.#fields(unit);
      if (at[CONTROL.phase] === PHASES.running) at[CONTROL.phase] = PHASES.finished;
      if (!open.includes(unit)) continue;
      at.fill(0);
      at[CONTROL.best] = UNSEEN;
      at[CONTROL.iterations] = iterations;
    }
    await this.#send(this.#control64);
  }

  /** Runs until every open unit is finished, at most `count` iterations; mixing starts from an empty history. */
  async iterate(
    count: number,
    mixing: boolean,
    tolerances: Tolerances,
    progress?: (iterations: number) => void,
  ): Promise<void> {
    for (let unit = 0; unit < this.units; unit++) {
      const at = this.#fields(unit);
      at[CONTROL.falls] = 0;
      at[CONTROL.history] = 0;
    }
    await this.#send(this.#control64);
    for (let iteration = 1; iteration <= count; iteration++) {
      this.#record(mixing, tolerances);
      await this.executor.flush();
      if (iteration % CHECK_EVERY !== 0 && iteration !== count) continue;
      this.#control64 = await this.executor.read(this.#control);
      progress?.(iteration);
      if (!this.standings().some(({ running }) => running)) break;
    }
  }

  /**
   * Residuals of `count` plain steps of some units from given states, [step][unit]; `best` and the standings are left as
   * they are, `state` is not.
   */
  async probe(open: readonly number[], states: Float64Array, count: number): Promise<Float64Array> {
    const { executor } = this;
    const kept = this.#control64;
    const probing = kept.slice();
    for (let unit = 0; unit < this.units; unit++) {
      const at = probing.subarray(unit * CONTROL_FIELDS, (unit + 1) * CONTROL_FIELDS);
      // No residual is below this best, so no iterate is kept.
      if (open.includes(unit)) at.set([PHASES.running, -1]);
      else at[CONTROL.phase] = PHASES.finished;
    }
    await this.#send(probing);
    executor.write(this.state, states);
    const results = this.#siteReducer.results;
    const history = executor.allocate("residual history", count * this.units);
    try {
      for (let iteration = 0; iteration < count; iteration++) {
        this.#record(false, { goal: -1, accept: -2, patience: count + 1 });
        executor.copy(results, history, { to: iteration * this.units });
        await executor.flush();
      }
      return await executor.read(history);
    } finally {
      executor.free(history);
      await this.#send(kept);
    }
  }

  standings(): Standing[] {
    return Array.from({ length: this.units }, (_, unit) => {
      const at = this.#fields(unit);
      return {
        running: at[CONTROL.phase] === PHASES.running,
        diverged: at[CONTROL.phase] === PHASES.diverged,
        best: at[CONTROL.best],
        last: at[CONTROL.last],
        twoStep: at[CONTROL.twoStep],
        iterations: at[CONTROL.iterations],
      };
    });
  }

  /** Sets the states of some units. */
  copyUnits(source: Slot, destination: Slot, units: readonly number[]): void {
    for (const unit of units) {
      const from = unit * this.unitLength;
      this.executor.copy(source, destination, { from, to: from, length: this.unitLength });
    }
  }

  #fields(unit: number): Float64Array {
    return this.#control64.subarray(unit * CONTROL_FIELDS, (unit + 1) * CONTROL_FIELDS);
  }

  /** Writes the control numbers, and an empty Gram matrix: without one every iteration is a plain step. */
  async #send(control: Float64Array): Promise<void> {
    await this.executor.flush(true);
    this.executor.write(this.#control, control);
    this.executor.write(this.#gram, new Float64Array(this.#gram.length));
  }

  #record(mixing: boolean, { goal, accept, patience }: Tolerances): void {
    const { executor, map, state } = this;
    const systemsAndLength = { systems: this.units, length: this.unitLength };
    const slot = this.#count % ANDERSON_MEMORY;
    const slotBeforeLast = this.#count < 2 ? slot : (this.#count - 2) % ANDERSON_MEMORY;
    const filled = Math.min(++this.#count, ANDERSON_MEMORY);
    map.record(state, this.#image);
    executor.run({
      kernel: "site-distance",
      arrays: { left: this.#image, right: state, distance: this.#distance },
      params: { systems: map.systems, ...map.sites },
      constants: { SUBTRACT: true },
    });
    this.#siteReducer.record(this.#distance, "maximum");
    executor.run({
      kernel: "anderson-record",
      arrays: {
        state,
        image: this.#image,
        iterates: this.#iterates,
        residuals: this.#residuals,
        twoSteps: this.#twoSteps,
      },
      params: { ...systemsAndLength, slot, slotBeforeLast },
      constants: {},
    });
    this.#stateReducer.record(this.#twoSteps, "maximum");
    if (mixing) {
      executor.run({
        kernel: "anderson-gram",
        arrays: { residuals: this.#residuals, gram: this.#gram },
        params: { ...systemsAndLength, slot, filled },
        constants: {},
      });
    }
    executor.run({
      kernel: "anderson-solve",
      arrays: {
        gram: this.#gram,
        residual: this.#siteReducer.results,
        twoStep: this.#stateReducer.results,
        control: this.#control,
        coefficients: this.#coefficients,
      },
      params: { systems: this.units, slot, goal, accept, patience },
      constants: {},
    });
    executor.run({
      kernel: "anderson-mix",
      arrays: {
        iterates: this.#iterates,
        residuals: this.#residuals,
        coefficients: this.#coefficients,
        control: this.#control,
        state,
        best: this.best,
      },
      params: { ...systemsAndLength, slot, damping: this.damping },
      constants: {},
    });
  }
}
