/** `onsager retrieve MEMORY`: what the states of a softmax memory (modern Hopfield network) settle on. */
import { openExecutor } from "../engine/devices.js";
import { memoryLogPartition, realiseMemory, retrieve } from "../engine/retrieval.js";
import { readDocument } from "../files/documents.js";
import { parseMemory } from "../physics/memory.js";
import { documentLoader } from "../verify/load-system.js";
import { EXIT } from "./exit-codes.js";
import type { Session } from "./session.js";
import { deviceLine, labelled, table } from "./text-layout.js";

export interface RetrieveCommandOptions {
  readonly steps: number;
  readonly json?: boolean;
  readonly select: string | undefined;
  readonly memory: number;
  readonly version: string;
}

/** States listed in words; JSON has them all. */
const LISTED = 20;

/** @returns the exit code */
export async function retrieveCommand(
  path: string,
  options: RetrieveCommandOptions,
  session: Session,
): Promise<number> {
  const memory = await realiseMemory(parseMemory(await readDocument(path), path), documentLoader(path), path);
  const { count, dimension, scale } = memory;
  const executor = await openExecutor({ select: options.select, memoryLimit: options.memory });
  try {
    const { states, history, change, converged } = await retrieve(executor, memory, { steps: options.steps });
    const { device } = executor;
    const steps = history.length - 1;
    const logPartition = memoryLogPartition(memory);
    if (options.json) {
      const rows = history[0].map((_, row) => [...states.subarray(row * dimension, (row + 1) * dimension)]);
      const { version } = options;
      session.print(
        JSON.stringify({ steps, converged, change, logPartition, states: rows, history, device, version }, null, 2),
      );
    } else {
      const rows = history[steps].slice(0, LISTED).map(({ energy, participation, regime }, row) => {
        return [String(row), energy.toPrecision(7), (1 / participation).toPrecision(4), regime];
      });
      session.print(
        [
          labelled("memory", `${path}: ${count} patterns of ${dimension} components, λ = ${scale}`),
          deviceLine(device),
          labelled(
            "status",
            `${converged ? "converged" : "not converged"} after ${steps} steps, change ${change.toExponential(2)}`,
          ),
          labelled("ln Z", `${logPartition.toPrecision(7)} at λ = 1`),
          "",
          table([["state", "energy", "effective patterns", "regime"], ...rows]),
          ...(states.length / dimension > LISTED ? [`and ${states.length / dimension - LISTED} more: --json`] : []),
        ].join("\n"),
      );
    }
    return converged ? EXIT.done : EXIT.notConverged;
  } finally {
    executor.dispose();
  }
}
