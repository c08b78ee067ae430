/** The map from (m, memory) to its image, for closures whose steps carry more than the means: equations 6. */
import type { BatchLayout } from "./batch.js";
import type { Executor, Slot } from "./executor.js";
import type { IteratedMap } from "./fixed-point-iteration.js";
import type { TimeStep } from "./time-step.js";

/** Numbers in the joint state of one system: its means, then each array of its memory. */
export class JointMap implements IteratedMap {
  readonly systemLength: number;
  readonly systems: number;
  readonly systemsPerUnit: number;
  /** The residual is that of the component that moves most, in units of one. */
  readonly sites: IteratedMap["sites"];
  readonly #image: Slot;

  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    private readonly step: TimeStep,
    private readonly state: Slot,
  ) {
    const { systems, stateLength, heads } = layout;
    this.systemLength = step.memory.reduce((sum, { length }) => sum + length, stateLength);
    this.systems = systems;
    this.systemsPerUnit = step.couplings.followsState ? heads : 1;
    this.sites = { sites: this.systemLength, components: 1, componentStride: 1, radius: 1 };
    this.#image = executor.allocate("image of the means", systems * stateLength);
  }

  record(joint: Slot, image: Slot): void {
    this.scatter(joint);
    this.step.record(this.state, this.#image);
    this.#move("gather", image, [this.#image, ...this.step.memory.map((array) => array.image)]);
  }

  /** From the state of the step and its memory to the joint state. */
  gather(joint: Slot): void {
    this.#move("gather", joint, [this.state, ...this.step.memory.map(({ current }) => current)]);
  }

  /** Back again. */
  scatter(joint: Slot): void {
    this.#move("scatter", joint, [this.state, ...this.step.memory.map(({ current }) => current)]);
  }

  dispose(): void {
    this.executor.free(this.#image);
  }

  #move(direction: "gather" | "scatter", joint: Slot, parts: readonly Slot[]): void {
    const { systems } = this.layout;
    for (let system = 0; system < systems; system++) {
      let at = system * this.systemLength;
      for (const part of parts) {
        const length = part.length / systems;
        const own = system * length;
        if (direction === "gather") this.executor.copy(part, joint, { from: own, to: at, length });
        else this.executor.copy(joint, part, { from: at, to: own, length });
        at += length;
      }
    }
  }
}
