/** `onsager oracle`: the built-in exact results on the user's own adapter. */
import { openExecutor } from "../engine/devices.js";
import { InputError } from "../physics/input-error.js";
import type { Oracle, OracleCheck, OracleSize } from "../verify/oracles/bench.js";
import { oracles, oraclesNamed, runOracle } from "../verify/oracles/table.js";
import { EXIT } from "./exit-codes.js";
import { openProgress } from "./progress.js";
import type { Session } from "./session.js";
import { deviceLine, labelled } from "./text-layout.js";

export interface OracleCommandOptions {
  readonly size: OracleSize;
  readonly json?: boolean;
  readonly select: string | undefined;
  readonly memory?: number | undefined;
}

/**
 * @param name an id or a letter; all oracles without it
 * @returns 0 if every check passes, else 1
 * @throws InputError if no oracle has that name
 */
export async function oracleCommand(
  name: string | undefined,
  options: OracleCommandOptions,
  session: Session,
): Promise<number> {
  const chosen = name === undefined ? oracles : oraclesNamed(name);
  if (chosen.length === 0) {
    throw new InputError("oracle", name ?? "", `one of ${oracles.map(({ id }) => id).join(", ")}, or a letter of them`);
  }
  const device = { select: options.select, memoryLimit: options.memory };
  const executor = await openExecutor(device);
  const float64 = await openExecutor({ select: "cpu" });
  const progress = openProgress(session, "oracles");
  const all: OracleCheck[] = [];
  try {
    if (!options.json) session.print(`${deviceLine(executor.device)}\n\n${HEADER}`);
    for (const [k, oracle] of chosen.entries()) {
      const start = performance.now();
      const checks = await runOracle(oracle, executor, float64, options.size);
      all.push(...checks);
      if (!options.json) session.print(oracleText(oracle, checks, (performance.now() - start) / 1000));
      progress.update((k + 1) / chosen.length);
    }
  } finally {
    progress.stop();
    executor.dispose();
    float64.dispose();
  }
  const failed = all.filter(({ pass }) => !pass);
  if (options.json) session.print(JSON.stringify(all, null, 2));
  else {
    const verdict = failed.length === 0 ? "all passed" : `${failed.length} failed`;
    session.print(`\n${chosen.length} oracle${chosen.length > 1 ? "s" : ""}, ${all.length} checks: ${verdict}`);
  }
  return failed.length === 0 ? EXIT.done : EXIT.fault;
}

const NUMBER_WIDTH = 14;
const TOLERANCE_WIDTH = 11;
const VERDICT_WIDTH = 9;
const NAME_WIDTH = 80 - 2 * NUMBER_WIDTH - TOLERANCE_WIDTH - VERDICT_WIDTH;

const columns = (name: string, expected: string, got: string, tolerance: string, verdict: string) =>
  [
    name.padEnd(NAME_WIDTH),
    expected.padStart(NUMBER_WIDTH),
    got.padStart(NUMBER_WIDTH),
    tolerance.padStart(TOLERANCE_WIDTH),
    verdict.padStart(VERDICT_WIDTH),
  ].join("");

const HEADER = columns("check", "expected", "got", "tolerance", "verdict");

/** A head line, and two lines or one a check: what, then the numbers. */
function oracleText({ id, title, reference }: Oracle, checks: readonly OracleCheck[], seconds: number): string {
  const lines = checks.map(({ name, expected, got, tolerance, pass }) => {
    const what = `  ${name.slice(id.length + 1)}`;
    const numbers = [digits(expected), digits(got), tolerance.toPrecision(2), pass ? "pass" : "FAIL"] as const;
    return what.length < NAME_WIDTH ? columns(what, ...numbers) : `${what}\n${columns("", ...numbers)}`;
  });
  const heading = [labelled(id, title, 0, 4), labelled("", `${reference}; ${seconds.toFixed(1)} s`, 0, 4)];
  return [...heading, ...lines].join("\n");
}

/** Enough digits for the tightest f32 tolerance. */
function digits(value: number): string {
  const text = Number.isInteger(value) ? String(value) : Number(value.toPrecision(9)).toString();
  return text.length < NUMBER_WIDTH ? text : value.toExponential(6);
}
