/** Cases of the steady-state solver. */
import { ANDERSON_MEMORY } from "../../../src/reference/anderson-gram.js";
import { CONTROL, CONTROL_FIELDS, PHASES } from "../../../src/reference/anderson-solve.js";
import { NOT_FINITE } from "../../../src/reference/reduce.js";
import type { CaseArray, Content, KernelCase, Tolerance } from "../../kernel-cases.js";
import { asNaive, budget, Draws, exact, input, makeCase, ODD_SIZES } from "./inputs.js";

type Record = KernelCase<"anderson-record">;
type Gram = KernelCase<"anderson-gram">;
type Solve = KernelCase<"anderson-solve">;
type Mix = KernelCase<"anderson-mix">;

/** [entry][length] without padding. */
const rowsOf = (entries: number, length: number) => ({
  batch: 1,
  rows: entries,
  rowStride: entries,
  columns: length,
  columnStride: length,
});

/** A history [slot][system][length] whose slots from `filled` on hold NaN. */
function history(draws: Draws, filled: number, systems: number, length: number): Float64Array {
  const values = new Float64Array(ANDERSON_MEMORY * systems * length).fill(NaN);
  values.set(draws.normal(rowsOf(filled * systems, length)));
  return values;
}

function written(values: Float64Array, content: (index: number) => Content, tolerance: Tolerance): CaseArray {
  return { role: "in-out", values, content, tolerance };
}

/** Only the new slot of a history changes. */
const onlySlot = (slot: number, total: number) => (index: number) =>
  Math.floor(index / total) === slot ? "value" : "untouched";

/** A correctly rounded operation, with room for a unit in the last place. */
const rounded = budget(1.2e-7, (_, value) => Math.abs(value));

export function andersonRecordCase(params: Record["params"], constants: Record["constants"]): Record {
  const { systems, length, slot, slotBeforeLast } = params;
  const total = systems * length;
  return makeCase<"anderson-record">(params, constants, "", () => {
    const draws = new Draws(9);
    const state = draws.normal(rowsOf(systems, length));
    const iterates = history(draws, ANDERSON_MEMORY, systems, length);
    if (slotBeforeLast === slot) iterates.fill(NaN, slot * total, (slot + 1) * total);
    return {
      state: input(state),
      image: input(draws.normal(rowsOf(systems, length))),
      iterates: written(iterates, onlySlot(slot, total), exact),
      residuals: written(new Float64Array(ANDERSON_MEMORY * total).fill(NaN), onlySlot(slot, total), rounded),
      // Without an iterate of two steps ago this is |m - (m + 1)|, 1 but for the rounding of m + 1.
      twoSteps: {
        role: "output",
        length: total,
        content: () => "value",
        tolerance: slotBeforeLast === slot ? budget(2 ** -22) : rounded,
      },
    };
  });
}

export const andersonRecordCases: readonly Record[] = [
  ...[1, 3, 4, 63, 64, 65].map((length) => andersonRecordCase({ systems: 1, length, slot: 2, slotBeforeLast: 0 }, {})),
  andersonRecordCase({ systems: 3, length: 20, slot: 0, slotBeforeLast: 3 }, {}),
  andersonRecordCase({ systems: 5, length: 13, slot: 4, slotBeforeLast: 2 }, {}),
  andersonRecordCase({ systems: 2, length: 7, slot: 0, slotBeforeLast: 0 }, {}),
  andersonRecordCase({ systems: 2, length: 7, slot: 1, slotBeforeLast: 1 }, {}),
];

export function andersonGramCase(params: Gram["params"], constants: Gram["constants"]): Gram {
  const { systems, length, slot, filled } = params;
  return makeCase<"anderson-gram">(params, constants, "", () => {
    const size = ANDERSON_MEMORY ** 2;
    return {
      residuals: input(history(new Draws(10), filled, systems, length)),
      gram: {
        role: "output",
        length: systems * size,
        content: (index) => {
          const row = Math.floor((index % size) / ANDERSON_MEMORY);
          const column = index % ANDERSON_MEMORY;
          const isNew = (row === slot && column < filled) || (column === slot && row < filled);
          return isNew ? "value" : "untouched";
        },
        tolerance: asNaive,
      },
    };
  });
}

export const andersonGramCases: readonly Gram[] = [
  ...[...ODD_SIZES, 1021, 4096].map((length) => andersonGramCase({ systems: 7, length, slot: 1, filled: 2 }, {})),
  ...[1, 2, 3, 4, 5].map((filled) => andersonGramCase({ systems: 3, length: 20, slot: filled - 1, filled }, {})),
  andersonGramCase({ systems: 2, length: 130, slot: 2, filled: 5 }, {}),
  // More workgroups than one dimension holds.
  andersonGramCase({ systems: 32_769, length: 1, slot: 0, filled: 2 }, {}),
];

/** A state of the control numbers before the decision, and what the decision sees. */
interface Decision {
  readonly control: Partial<globalThis.Record<keyof typeof CONTROL, number>>;
  readonly residual: number;
  /** Lengths of the residual vectors behind the Gram matrix; 0 gives a matrix of zeros. */
  readonly vectors?: number;
}

const running = { best: 0.5, since: 0, iterations: 7, history: 5, falls: 3, last: 0.5 };
const GOAL = 1e-4;
const ACCEPT = 1e-2;
const PATIENCE = 4;

const DECISIONS: readonly Decision[] = [
  { control: { best: 1e30 }, residual: 0.7 },
  { control: { best: 0.7, iterations: 1, history: 1, last: 0.7 }, residual: 0.5 },
  // The third fall in a row starts the mixing; a rise before starts the count again.
  { control: { ...running, iterations: 3, history: 3, falls: 2 }, residual: 0.4 },
  { control: { ...running, iterations: 3, history: 3, falls: 2 }, residual: 0.6 },
  { control: { ...running, iterations: 3, history: 3, falls: 2 }, residual: 0.5 },
  // Mixing goes on through a rise, and starts over when the residual more than doubles.
  { control: running, residual: 0.4 },
  { control: running, residual: 0.9 },
  { control: running, residual: 1 },
  { control: running, residual: 1.1 },
  ...[1, 2, 3, 4].map((history) => ({ control: { ...running, history }, residual: 0.4 })),
  // Finished: below the goal; at it; stalled below what is acceptable. Not finished: stalled above it, or not yet stalled.
  { control: running, residual: GOAL / 2 },
  { control: running, residual: GOAL },
  { control: { ...running, best: ACCEPT / 2, since: PATIENCE - 1, last: ACCEPT }, residual: ACCEPT },
  { control: { ...running, best: 2 * ACCEPT, since: PATIENCE - 1, last: 0.1 }, residual: 0.1 },
  { control: { ...running, best: ACCEPT / 2, since: PATIENCE - 2, last: ACCEPT }, residual: ACCEPT },
  { control: { ...running, phase: PHASES.finished, improved: 1 }, residual: 0.1 },
  { control: { ...running, phase: PHASES.diverged }, residual: 0.1 },
  { control: running, residual: NOT_FINITE },
  { control: running, residual: 3.2e38 },
  { control: running, residual: 0.4, vectors: 0 },
];

/** Every system takes one of the decisions, in turn. */
export function andersonSolveCase(params: Solve["params"], constants: Solve["constants"]): Solve {
  return makeCase<"anderson-solve">(params, constants, "", () => {
    const draws = new Draws(11);
    const decisions = Array.from({ length: params.systems }, (_, system) => DECISIONS[system % DECISIONS.length]);
    const control = decisions.flatMap(({ control }) => {
      const numbers = new Array<number>(CONTROL_FIELDS).fill(0);
      for (const [name, value] of Object.entries(control)) numbers[CONTROL[name as keyof typeof CONTROL]] = value;
      return numbers;
    });
    const leaves = decisions.map(({ control, residual }) => (control.phase ?? 0) !== 0 || residual >= NOT_FINITE);
    return {
      gram: input(Float64Array.from(decisions.flatMap(({ vectors = 16 }) => gramMatrix(draws, vectors)))),
      residual: input(Float64Array.from(decisions, ({ residual }) => residual)),
      twoStep: input(Float64Array.from(decisions, (_, system) => 0.01 * (1 + system))),
      control: written(Float64Array.from(control), () => "value", exact),
      coefficients: {
        role: "output",
        length: params.systems * ANDERSON_MEMORY,
        content: (index) => (leaves[Math.floor(index / ANDERSON_MEMORY)] ? "untouched" : "value"),
        tolerance: { rule: "naive", unit: () => 1 },
      },
    };
  });
}

/** Inner products of ANDERSON_MEMORY random vectors. */
function gramMatrix(draws: Draws, length: number): number[] {
  if (length === 0) return new Array<number>(ANDERSON_MEMORY ** 2).fill(0);
  const vectors = draws.normal(rowsOf(ANDERSON_MEMORY, length));
  const dot = (a: number, b: number) => {
    let sum = 0;
    for (let k = 0; k < length; k++) sum += vectors[a * length + k] * vectors[b * length + k];
    return sum;
  };
  return Array.from({ length: ANDERSON_MEMORY ** 2 }, (_, index) =>
    dot(Math.floor(index / ANDERSON_MEMORY), index % ANDERSON_MEMORY),
  );
}

export const andersonSolveCases: readonly Solve[] = [0, 2, 4].flatMap((slot) =>
  [1, DECISIONS.length, 5 * DECISIONS.length].map((systems) =>
    andersonSolveCase({ systems, slot, goal: GOAL, accept: ACCEPT, patience: PATIENCE }, {}),
  ),
);

/** Systems in turn mix and improve, mix only, are finished and improved, are finished. */
export function andersonMixCase(params: Mix["params"], constants: Mix["constants"], filled = ANDERSON_MEMORY): Mix {
  const { systems, length } = params;
  return makeCase<"anderson-mix">(params, constants, `filled ${filled}`, () => {
    const draws = new Draws(12);
    const coefficients = new Float64Array(systems * ANDERSON_MEMORY);
    const control = new Float64Array(systems * CONTROL_FIELDS).fill(NaN);
    const weights = draws.normal(rowsOf(systems, filled));
    for (let system = 0; system < systems; system++) {
      coefficients.set(weights.subarray(system * filled, (system + 1) * filled), system * ANDERSON_MEMORY);
      control[system * CONTROL_FIELDS + CONTROL.phase] = system % 4 < 2 ? PHASES.running : PHASES.finished;
      control[system * CONTROL_FIELDS + CONTROL.improved] = Number(system % 2 === 0);
    }
    const systemOf = (index: number) => Math.floor(index / length);
    return {
      // Slots from `filled` on hold NaN: their weight is 0.
      iterates: input(history(draws, filled, systems, length)),
      residuals: input(history(draws, filled, systems, length)),
      coefficients: input(coefficients),
      control: input(control),
      state: written(
        draws.normal(rowsOf(systems, length)),
        (index) => (systemOf(index) % 4 < 2 ? "value" : "untouched"),
        // A sum of five products: 3e-7 √5 of the sum of their magnitudes.
        budget(6.7e-7, "magnitude"),
      ),
      best: written(
        draws.normal(rowsOf(systems, length)),
        (index) => (systemOf(index) % 2 === 0 ? "value" : "untouched"),
        exact,
      ),
    };
  });
}

export const andersonMixCases: readonly Mix[] = [
  ...[1, 3, 4, 63, 64, 65].map((length) => andersonMixCase({ systems: 4, length, slot: 3, damping: 1 }, {})),
  ...[1, 2, 3, 4].map((filled) =>
    andersonMixCase({ systems: 5, length: 13, slot: filled - 1, damping: 0.3 }, {}, filled),
  ),
];
