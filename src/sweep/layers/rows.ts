/** What a measurement of layers becomes: points, points that were left out, and checks. */
import type { StrategyReport } from "../../engine/coupling-strategy.js";
import type { VerificationReport } from "../../verify/verify-step.js";
import type { LayerSeries } from "./series.js";

/** One point. */
export interface LayerRow extends LayerSeries {
  readonly sites: number;
  /** Of the median round. */
  readonly stepsPerSecond: number;
  /** Of a quarter of the rounds it is lower, of a quarter higher. */
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  /** 10⁹ operations a second by `OPERATIONS_FORMULA`. */
  readonly gflops: number;
  readonly rounds: number;
  readonly stepsPerRound: number;
  /** Most bytes that all arrays took at one time. */
  readonly peakBytes: number;
  readonly strategy: StrategyReport;
  readonly adapter: string;
  readonly driver: string;
  /** When it was measured, ISO 8601. */
  readonly date: string;
}

/** A point that was left out. */
export interface LayerGap extends LayerSeries {
  readonly sites: number;
  readonly cause: "time" | "memory";
  /** Seconds that a step would take, by the last N, for `time`. */
  readonly seconds?: number;
  /** What it needs, in words. */
  readonly reason: string;
}

export interface LayerVerification extends VerificationReport, LayerSeries {}
