/** A progress bar on a terminal, for what takes more than two seconds. Elsewhere it is silent. */
import { SingleBar } from "cli-progress";
import type { Session } from "./session.js";

const QUIET_MILLISECONDS = 2000;
const STEPS = 1000;

export interface Progress {
  /** @throws Interrupted once the user has pressed Ctrl-C */
  readonly update: (fraction: number) => void;
  readonly stop: () => void;
}

export function openProgress({ terminal, interruption }: Session, title: string): Progress {
  const start = performance.now();
  let done = 0;
  let bar: SingleBar | undefined;
  const draw = () => bar?.update(Math.round(done * STEPS), paceOf(done, (performance.now() - start) / 1000));
  const timer =
    terminal &&
    setTimeout(() => {
      const format = `${title} [{bar}] {percentage} % | {rate} | {left}`;
      bar = new SingleBar({ format, stream: terminal, barsize: 24, hideCursor: true, clearOnComplete: true });
      bar.start(STEPS, 0, paceOf(0, 0));
      draw();
    }, QUIET_MILLISECONDS);
  return {
    update: (fraction) => {
      interruption.throwIfAborted();
      done = fraction;
      draw();
    },
    stop: () => {
      clearTimeout(timer);
      bar?.stop();
      bar = undefined;
    },
  };
}

function paceOf(done: number, seconds: number): { rate: string; left: string } {
  if (done <= 0) return { rate: "- %/s", left: "" };
  const left = (seconds * (1 - done)) / done;
  return { rate: `${((100 * done) / seconds).toPrecision(2)} %/s`, left: `${formatSeconds(left)} left` };
}

function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
