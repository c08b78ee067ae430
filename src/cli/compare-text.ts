/** A comparison of closures as text, at most 80 columns wide, and as JSON. */
import { MONTE_CARLO } from "../physics/closures.js";
import type { ComparisonOutcome, ComparisonRow } from "../sweep/compare/compare.js";
import { ROUNDS } from "../sweep/compare/step-times.js";
import type { LoadedSystem } from "../verify/load-system.js";
import { describeSystem } from "./run-result.js";
import { deviceLine, labelled, rhatLine, table } from "./text-layout.js";

interface Comparison {
  readonly path: string;
  readonly system: LoadedSystem;
  readonly outcome: ComparisonOutcome;
}

/** One JSON object, a key a line, rows one a line; numbers that do not exist are null. */
export function comparisonJson({ path, system, outcome, version }: Comparison & { readonly version: string }): string {
  const { plan, device, exact, rows } = outcome;
  const { sampling, ...summary } = exact;
  const { spins, sites, heads, beta } = system;
  const entries = {
    system: { path, description: describeSystem(system), spins, sites, heads, beta },
    steps: plan.steps ?? null,
    device,
    exact: { ...summary, ...sampling },
  };
  const lines = Object.entries(entries).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  const list = rows.map((row) => `    ${JSON.stringify(row)}`).join(",\n");
  const identity = [`  "seed": ${system.seed}`, `  "version": ${JSON.stringify(version)}`];
  return `{\n${[...lines, `  "rows": [\n${list}\n  ]`, ...identity].join(",\n")}\n}`;
}

export function comparisonText({ path, system, outcome }: Comparison): string {
  const { plan, device, exact, rows } = outcome;
  return [
    labelled("system", `${path}: ${describeSystem(system)}`),
    deviceLine(device),
    labelled("seed", String(system.seed)),
    labelled("compared", plan.steps === undefined ? "steady states" : `means after ${plan.steps} steps from m(0)`),
    ...exactLines(outcome),
    labelled("error", errorText(system, outcome)),
    labelled("times", timeText(outcome)),
    "",
    table([
      ["closure", "converged", "error ± s.e.", "seconds/step", plan.steps === undefined ? "iterations" : "steps"],
      ...rows.map(cellsOf),
      ...(exact.method === MONTE_CARLO
        ? [
            [
              MONTE_CARLO,
              exact.status,
              `noise ${digits(exact.noise)}`,
              digits(exact.secondsPerStep),
              `${exact.stepsTaken}`,
            ],
          ]
        : []),
    ]),
    ...notes(outcome),
  ].join("\n");
}

function exactLines({ exact, plan }: ComparisonOutcome): string[] {
  const { method, status, stepsTaken, sampling, overlap, overlapStandardError } = exact;
  const order = `overlap Σ|m|²/(N R²) = ${overlap.toPrecision(4)}`;
  if (sampling === undefined) {
    const steps = plan.steps === undefined ? `, stationary after ${stepsTaken} steps` : "";
    const found = status === "completed" ? steps : `, ${status} after ${stepsTaken} steps`;
    return [labelled("exact", `${method}${found}; ${order}`)];
  }
  const { chains, burnIn, start, measurements, thin, thermalisation, splitRhat, failedDraws } = sampling;
  const scores = Object.entries(thermalisation.zScores).map(([name, z]) => `z = ${z.toFixed(2)} of ${name}`);
  const course =
    plan.steps === undefined
      ? `${chains} chains, start ${start}, ${burnIn} steps, then ${measurements} measurements every ${thin}`
      : `${chains} chains, drawn with the means m(0)`;
  return [
    labelled("exact", `${method}, ${status}: ${course}; ${order} ± ${overlapStandardError.toPrecision(2)}`),
    ...(thermalisation.verdict === "unchecked"
      ? []
      : [labelled("two starts", [thermalisation.verdict, ...scores].join(", "))]),
    ...(plan.steps === undefined ? [rhatLine(splitRhat)] : []),
    ...(failedDraws > 0 ? [labelled("draws", `${failedDraws} failed`)] : []),
  ];
}

function errorText({ spins }: LoadedSystem, { exact }: ComparisonOutcome): string {
  const formula =
    exact.measure === "relative"
      ? "relative, √(Σ|m - m_exact|² / Σ|m_exact|²)"
      : "absolute, √(Σ|m - m_exact|² / N) / R, because the exact means vanish within their noise";
  const response =
    spins.kind === "sphere" && spins.response === "large-d" ? "; includes that of the response large-d" : "";
  if (exact.method === "enumeration") return formula;
  return `${formula}${response}; sampling noise removed, s.e. by jackknife over chains`;
}

function timeText({ device, exact }: ComparisonOutcome): string {
  const where = {
    hardware: device.name,
    "system-software": `${device.name}, a software adapter: they say nothing about a GPU`,
    "package-software": `${device.name}, a software adapter: they say nothing about a GPU`,
    cpu: "the CPU engine, float64 on one thread: they say nothing about a GPU",
  }[device.kind];
  const chains =
    exact.method === "enumeration"
      ? `; enumeration ${digits(exact.secondsPerStep)} s a step on the CPU`
      : Number.isNaN(exact.secondsPerEffectiveSample)
        ? `; ${MONTE_CARLO} for all chains`
        : `; ${MONTE_CARLO} for all chains, ${digits(exact.secondsPerEffectiveSample)} s a step times 2 τ`;
  return `medians of ${ROUNDS} rounds in turn on ${where}${chains}`;
}

function cellsOf(row: ComparisonRow): string[] {
  if (row.status === "refused") return [row.closure, "refused", "-", "-", "-"];
  const { error, errorStandardError, belowNoise, secondsPerStep, iterations } = row;
  return [
    row.closure,
    row.converged ? "yes" : row.status,
    `${belowNoise ? "0*" : digits(error)} ± ${errorStandardError === 0 ? "0" : errorStandardError.toPrecision(1)}`,
    digits(secondsPerStep),
    String(iterations),
  ];
}

function notes({ rows }: ComparisonOutcome): string[] {
  const lines = rows.flatMap(({ closure, reason }) => (reason === undefined ? [] : [labelled(closure, reason)]));
  if (rows.some(({ belowNoise }) => belowNoise)) {
    lines.unshift(labelled("*", "below the noise of the exact means; ± is the error that one standard error hides"));
  }
  return lines.length > 0 ? ["", ...lines] : [];
}

/** Three digits. */
function digits(value: number): string {
  if (Number.isNaN(value)) return "-";
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(3)));
}
