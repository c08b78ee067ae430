/** What is wanted of the suite `gpu`, and how its rows stand to it. */
import { CASE } from "./problem.js";
import { digits, type Row, type Verdict } from "./rows.js";

interface Target {
  readonly what: string;
  /** One of the two, or neither: then it is stated and not judged. */
  readonly least?: number;
  readonly most?: number;
  readonly unit: string;
  readonly judges: (row: Row) => boolean;
  /** What is found, undefined where it or what it is compared with was not measured. */
  readonly found: (row: Row, others: Others) => number | undefined;
}

/** Rows of the same shape that a row is compared with. */
interface Others {
  /** The fastest first step of ours in a precision. */
  readonly fastest: (precision: Row["precision"]) => Row | undefined;
  /** The same way of another contestant. */
  readonly alike: (contestant: string) => Row | undefined;
}

const share = (part: number | null | undefined, whole: number | null | undefined) =>
  typeof part === "number" && typeof whole === "number" ? part / whole : undefined;
const is = (contestant: string, precision: Row["precision"]) => (row: Row) =>
  row.case === CASE && row.contestant === contestant && row.precision === precision;
const percent = (part: number | undefined) => (part === undefined ? undefined : 100 * part);

/** N d of the largest state whose buffers are judged: N = 65536, d = 64. */
const COUNTED = 65536 * 64;

const TARGETS: readonly Target[] = [
  {
    what: "fused f32, of FMA",
    least: 60,
    unit: "%",
    judges: is("onsager", "f32"),
    found: (row) => percent(row.shareOfCeiling),
  },
  {
    what: "f16 faster than f32",
    least: 4,
    unit: "×",
    judges: is("onsager", "f16"),
    found: (row, { fastest }) => share(fastest("f32")?.medianMs, row.medianMs),
  },
  {
    what: "split-f16 than f32",
    least: 1.5,
    unit: "×",
    judges: is("onsager", "split-f16"),
    found: (row, { fastest }) => share(fastest("f32")?.medianMs, row.medianMs),
  },
  {
    what: "split-f16, error",
    most: 4,
    unit: "×",
    judges: is("onsager", "split-f16"),
    found: (row, { fastest }) => share(row.error, fastest("f32")?.error),
  },
  {
    what: "all sums / field",
    most: 125,
    unit: "%",
    judges: is("onsager", "f32"),
    found: (row, { alike }) => percent(share(row.medianMs, alike("onsager-plain")?.medianMs)),
  },
  {
    what: "frozen / first step",
    most: 80,
    unit: "%",
    judges: is("onsager-frozen", "f32"),
    found: (row, { alike }) => percent(share(row.medianMs, alike("onsager")?.medianMs)),
  },
  {
    what: "peak of buffers",
    most: 200,
    unit: "MB",
    judges: (row) => row.case.startsWith("sphere attention") && row.n * row.d <= COUNTED,
    found: (row) => share(row.peakBytes, 1e6),
  },
  {
    what: "naive+Onsager step",
    unit: "s",
    judges: (row) => row.case.startsWith("sphere attention"),
    found: (row) => share(row.medianMs, 1000),
  },
  {
    what: "procedural J drawn",
    unit: "G/s",
    judges: (row) => row.case.startsWith("procedural"),
    found: (row) => share(row.entriesPerSecond, 1e9),
  },
  ...(["f32", "f16"] as const).map((precision): Target => ({
    what: `PyTorch / ours, ${precision}`,
    unit: "×",
    judges: is("torch", precision),
    found: (row, { fastest }) => share(row.medianMs, fastest(precision)?.medianMs),
  })),
];

/**
 * The rows of one shape with their verdicts. Of several ways of a contestant in one precision the fastest is judged; where
 * none has run, the first.
 */
export function judge(rows: readonly Row[]): Row[] {
  const fastest = (precision: Row["precision"]) => fastestOf(rows.filter(is("onsager", precision)));
  return rows.map((row) => {
    const rivals = rows.filter(
      ({ case: what, contestant, precision }) =>
        what === row.case && contestant === row.contestant && precision === row.precision,
    );
    if (row !== (fastestOf(rivals) ?? rivals[0])) return row;
    const alike = (contestant: string) =>
      rows.find((other) => other.contestant === contestant && sameWay(other, row) && other.medianMs !== null);
    const verdicts = TARGETS.filter(({ judges }) => judges(row)).map((target) =>
      verdictOf(target, target.found(row, { fastest, alike })),
    );
    return verdicts.length === 0 ? row : { ...row, verdicts };
  });
}

const sameWay = (one: Row, other: Row) => one.strategy === other.strategy && one.precision === other.precision;

function fastestOf(rows: readonly Row[]): Row | undefined {
  const timed = rows.filter(({ medianMs }) => medianMs !== null);
  return timed.toSorted((one, other) => Number(one.medianMs) - Number(other.medianMs)).at(0);
}

function verdictOf({ what, least, most, unit }: Target, found: number | undefined): Verdict {
  const wanted = least !== undefined ? `≥ ${least} ${unit}` : most !== undefined ? `≤ ${most} ${unit}` : "-";
  if (found === undefined || !Number.isFinite(found)) return { what, wanted, found: null, verdict: "not measured" };
  const text = `${digits(found)} ${unit}`;
  if (wanted === "-") return { what, wanted, found: text, verdict: "stated" };
  const met = found >= (least ?? -Infinity) && found <= (most ?? Infinity);
  return { what, wanted, found: text, verdict: met ? "met" : "missed" };
}
