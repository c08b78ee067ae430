/**
 * Races contestants at one attention field: same inputs, resident where they are used; warmed up, checked against float64,
 * timed in interleaved rounds, checked again.
 */
import type { Ceilings } from "./ceilings.js";
import {
  type Contestant,
  type Host,
  type OpenContestant,
  type Settings,
  Unavailable,
  type WrongVariant,
} from "./contestants/contestant.js";
import { mandatory } from "./contestants/table.js";
import { interleave, type Timing } from "./interleave.js";
import {
  type AttentionProblem,
  attentionFlops,
  CASE,
  compulsoryBytes,
  drawProblem,
  fieldError,
  WRONG,
} from "./problem.js";
import { digits, listItem, markdownTable, type Row } from "./rows.js";

const CHEAP_MS = 2000;

export interface Entrant {
  readonly contestant: Contestant;
  readonly settings: Settings;
}

export interface Race {
  readonly suite: string;
  readonly n: number;
  readonly d: number;
  readonly entrants: readonly Entrant[];
  readonly host: Host;
  readonly ceilings: Ceilings;
  readonly progress: (line: string) => void;
  /** No round of timed runs starts after this, once the least have run. */
  readonly timingMs?: number;
}

type Shape = Pick<Race, "suite" | "n" | "d" | "host">;

export interface RaceOutcome {
  readonly rows: readonly Row[];
  readonly failures: readonly string[];
  /** What another race of the same entrants would take, by how it grows. */
  readonly cost: Cost;
}

/** Milliseconds: of the device, as n² d; of drawing and checking on the host, as n d; and whatever the size. */
export interface Cost {
  readonly deviceMs: number;
  readonly hostMs: number;
  readonly fixedMs: number;
}

interface Runner {
  readonly entrant: Entrant;
  readonly open: OpenContestant;
}

/** Two runs to warm up, and the fewest rounds. */
const FEWEST_RUNS = 5;

export async function raceAttentionField(race: Race): Promise<RaceOutcome> {
  const start = performance.now();
  const problem = drawProblem(race.n, race.d);
  const hostMs = performance.now() - start;
  const where = `${race.suite}, N = ${race.n}, d = ${race.d}`;
  const skipped: Row[] = [];
  const failures: string[] = [];
  const runners: Runner[] = [];
  try {
    for (const entrant of race.entrants) {
      const { name } = entrant.contestant;
      race.progress(`${where}: warming up ${wayOf(entrant)}`);
      try {
        runners.push({ entrant, open: await openChecked(entrant, problem, race.host) });
      } catch (error) {
        const reason = firstLine(error);
        skipped.push(skippedRow(race, entrant, reason));
        if (!(error instanceof Unavailable)) failures.push(`${where}: ${wayOf(entrant)} failed: ${reason}`);
        else if (mandatory.has(name) && entrant.settings.strategy === undefined)
          failures.push(`${where}: ${name} may not be skipped here: ${reason}`);
      }
    }
    race.progress(`${where}: timing ${runners.map(({ entrant }) => wayOf(entrant)).join(", ")}`);
    const variants = runners.flatMap(({ open: { wrongVariant } }) => wrongVariant ?? []);
    const timings = await interleave([...runners.map(({ open }) => open), ...variants], race.timingMs);
    const timingOf = (variant: WrongVariant) => timings[runners.length + variants.indexOf(variant)];
    const rows: Row[] = [];
    for (const [index, runner] of runners.entries()) {
      const error = fieldError(problem, await runner.open.result());
      if (error <= WRONG[runner.entrant.settings.precision])
        rows.push(timedRow(race, problem, runner, timings[index], error, timingOf));
      else {
        const reason = `${wrongField(runner.entrant, error)} after its timed runs`;
        skipped.push(skippedRow(race, runner.entrant, reason));
        failures.push(`${where}: ${reason}`);
      }
    }
    const inOrder = race.entrants.flatMap((entrant) =>
      [...rows, ...skipped].filter((row) => row.contestant === entrant.contestant.name && fits(row, entrant)),
    );
    const deviceMs = FEWEST_RUNS * timings.reduce((sum, { medianMs }) => sum + medianMs, 0);
    const fixedMs = Math.max(0, performance.now() - start - hostMs - deviceMs);
    return { rows: inOrder, failures, cost: { deviceMs, hostMs, fixedMs } };
  } finally {
    for (const { open } of runners) await open.dispose();
  }
}

/** Opened and run: the first time compiles; a second time, where it is cheap, leaves nothing of that to the timed runs. */
async function openChecked(entrant: Entrant, problem: AttentionProblem, host: Host): Promise<OpenContestant> {
  const open = await entrant.contestant.open(problem, host, entrant.settings);
  try {
    if ((await open.run()) < CHEAP_MS) await open.run();
    const error = fieldError(problem, await open.result());
    if (!(error <= WRONG[entrant.settings.precision])) throw new Error(wrongField(entrant, error));
    return open;
  } catch (error) {
    await open.dispose();
    throw error;
  }
}

/** `onsager portable f16`; f32 goes without saying. */
function wayOf({ contestant, settings: { strategy, precision } }: Entrant): string {
  return [contestant.name, strategy, precision === "f32" ? undefined : precision].filter(Boolean).join(" ");
}

function wrongField(entrant: Entrant, error: number): string {
  return `the field of ${wayOf(entrant)} is wrong (relative error ${error.toExponential(1)})`;
}

function fits(row: Row, { settings }: Entrant): boolean {
  return row.precision === settings.precision && row.strategy === settings.strategy;
}

function identify({ suite, n, d }: Shape, { contestant, settings }: Entrant) {
  const { precision, strategy } = settings;
  return {
    suite,
    case: CASE,
    n,
    d,
    contestant: contestant.name,
    precision,
    ...(strategy !== undefined && { strategy }),
  };
}

export function skippedRow(race: Shape, entrant: Entrant, reason: string): Row {
  const adapter = entrant.contestant.onAdapter ? race.host.adapter.report.name : "cpu";
  return { ...identify(race, entrant), adapter, medianMs: null, gflops: null, error: null, skipped: reason };
}

function timedRow(
  race: Race,
  problem: AttentionProblem,
  { entrant, open }: Runner,
  timing: Timing,
  error: number,
  timingOf: (variant: WrongVariant) => Timing,
): Row {
  const { wrongVariant: variant } = open;
  const gflops = attentionFlops(problem) / timing.medianMs / 1e6;
  return {
    ...identify(race, entrant),
    adapter: open.adapter,
    ...timing,
    gflops,
    error,
    skipped: null,
    gbps: compulsoryBytes(problem) / timing.medianMs / 1e6,
    ...(entrant.contestant.onAdapter && { shareOfCeiling: gflops / race.ceilings.gflops }),
    note: open.note,
    ...(variant && {
      wrongVariant: { what: variant.what, medianMs: timingOf(variant).medianMs, error: variant.error },
    }),
  };
}

export function raceTable({ n, d }: Pick<Race, "n" | "d">, rows: readonly Row[]): string {
  const own = rows.find(({ contestant }) => contestant === "onsager")?.medianMs;
  const precisions = new Set(rows.map(({ precision }) => precision));
  const header = ["contestant", "median ms", "quartiles ms", "GFLOP/s", "of FMA", "GB/s", "/ onsager", "error"];
  const lines = rows.map((row) => {
    const { strategy, precision, medianMs, p25Ms, p75Ms, gflops, shareOfCeiling, gbps, error } = row;
    const details = [...(precisions.size > 1 ? [precision] : []), ...(strategy === undefined ? [] : [strategy])];
    const name = [row.contestant, ...details].join(" ");
    if (medianMs === null || gflops === null || error === null) return [name, "skipped", ...Array<string>(6).fill("-")];
    return [
      name,
      digits(medianMs),
      `${digits(p25Ms ?? medianMs)} - ${digits(p75Ms ?? medianMs)}`,
      digits(gflops),
      shareOfCeiling === undefined ? "-" : `${digits(100 * shareOfCeiling)} %`,
      digits(gbps ?? 0),
      own ? digits(medianMs / own) : "-",
      error.toExponential(1),
    ];
  });
  const notes = rows.map((row) => listItem(noteOf(row)));
  const title = `### ${CASE}, N = ${n}, d = ${d}, ${[...precisions].join(" and ")}, no mask`;
  return [title, "", markdownTable(header, lines), "", ...new Set(notes)].join("\n");
}

export function noteOf({ contestant, adapter, skipped, rounds, note, wrongVariant }: Row): string {
  if (skipped !== null) return `${contestant}: skipped: ${skipped}`;
  const text = `${contestant} on ${adapter}, ${rounds ?? 0} rounds: ${note ?? ""}`;
  if (wrongVariant === undefined) return text;
  const { what, medianMs, error } = wrongVariant;
  return `${text}. Not taken, its ${what}: ${digits(medianMs)} ms with a wrong field (error ${error.toExponential(1)})`;
}

export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0];
}
