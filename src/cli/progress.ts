/** A progress bar on a terminal, for what takes more than two seconds. Elsewhere it is silent. */
import { SingleBar } from "cli-progress";
import type { Session } from "./session.js";
import { readableTime } from "./text-layout.js";

const QUIET_MILLISECONDS = 2000;
const STEPS = 1000;
/** What is left of a line of 80 columns. */
const PLACE_WIDTH = 24;

export interface Progress {
  /**
   * @param at what is being worked on
   * @throws Interrupted once the user has pressed Ctrl-C, unless that is none of its business
   */
  readonly update: (fraction: number, at?: string) => void;
  readonly stop: () => void;
}

export function openProgress(
  { terminal, interruption }: Pick<Session, "terminal" | "interruption">,
  title: string,
  { interruptible = true }: { readonly interruptible?: boolean } = {},
): Progress {
  const start = performance.now();
  let done = 0;
  // Of what was done before this run, nothing is known about the time.
  let before: number | undefined;
  let place = "";
  let bar: SingleBar | undefined;
  const pace = () => ({ ...paceOf(done, before ?? 0, (performance.now() - start) / 1000), place });
  const draw = () => bar?.update(Math.round(done * STEPS), pace());
  const timer =
    terminal &&
    setTimeout(() => {
      const format = `${title} [{bar}] {percentage} % | {rate} | {left}{place}`;
      bar = new SingleBar({ format, stream: terminal, barsize: 24, hideCursor: true, clearOnComplete: true });
      bar.start(STEPS, 0, pace());
      draw();
    }, QUIET_MILLISECONDS);
  return {
    update: (fraction, at) => {
      if (interruptible) interruption.throwIfAborted();
      before ??= at === undefined ? 0 : fraction;
      done = fraction;
      if (at !== undefined) place = ` | ${at.length > PLACE_WIDTH ? `${at.slice(0, PLACE_WIDTH - 1)}…` : at}`;
      draw();
    },
    stop: () => {
      clearTimeout(timer);
      bar?.stop();
      bar = undefined;
    },
  };
}

function paceOf(done: number, before: number, seconds: number): { rate: string; left: string } {
  const own = done - before;
  if (own <= 0) return { rate: "- %/s", left: "" };
  const left = (seconds * (1 - done)) / own;
  return { rate: `${((100 * own) / seconds).toPrecision(2)} %/s`, left: `${readableTime(left)} left` };
}
