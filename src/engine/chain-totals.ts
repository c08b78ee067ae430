/** Sums over the measured steps of chains: f32 on the device for a while, then float64 here. */
import type { ChainSampler } from "./chain-sampler.js";
import type { Executor, Slot } from "./executor.js";

/** Measured steps after which f32 sums are added up in float64: n equal terms lose up to n 2^-25 by rounding alike. */
const SUMS_FLUSH = 256;
/** The same for sums of products, of all chains. */
const PRODUCTS_FLUSH = 64;

export class ChainTotals {
  readonly means: Float64Array;
  readonly prior: Float64Array | undefined;
  readonly equalTime: Float64Array | undefined;
  readonly delayed: Float64Array | undefined;
  #steps = 0;

  constructor(
    private readonly executor: Executor,
    private readonly sampler: ChainSampler,
  ) {
    const like = (slot: Slot | undefined) => slot && new Float64Array(slot.length);
    this.means = new Float64Array(sampler.meanSums.length);
    this.prior = like(sampler.priorSums);
    this.equalTime = like(sampler.products?.equalTime);
    this.delayed = like(sampler.products?.delayed);
  }

  async step(): Promise<void> {
    if (++this.#steps % SUMS_FLUSH === 0) await this.#drainSums();
    if (this.#steps % PRODUCTS_FLUSH === 0) await this.#drainProducts();
  }

  async drain(): Promise<void> {
    await this.#drainSums();
    await this.#drainProducts();
  }

  async #drainSums(): Promise<void> {
    await this.#take(this.sampler.meanSums, this.means);
    await this.#take(this.sampler.priorSums, this.prior);
  }

  async #drainProducts(): Promise<void> {
    await this.#take(this.sampler.products?.equalTime, this.equalTime);
    await this.#take(this.sampler.products?.delayed, this.delayed);
  }

  async #take(slot: Slot | undefined, total: Float64Array | undefined): Promise<void> {
    if (slot === undefined || total === undefined) return;
    const values = await this.executor.read(slot);
    for (let k = 0; k < values.length; k++) total[k] += values[k];
    this.executor.write(slot, new Float64Array(values.length));
  }
}
