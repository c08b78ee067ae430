/** Options that several commands share, and how their values are read. */
import { InvalidArgumentError, Option } from "commander";
import { DEFAULT_MEMORY } from "../engine/devices.js";
import { couplingStrategies } from "../engine/coupling-strategy.js";
import { fusedPrecisions } from "../kernels/strategies.js";
import { closureNames, type MethodName } from "../physics/closures.js";

/** What `deviceOption` and `memoryOption` leave in a command's options. */
export interface DeviceSelection {
  readonly device?: string;
  readonly memory: number;
}

const MEMORY_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** The value of --device that lists devices instead of choosing one. */
export const LIST_DEVICES = "list";

export function deviceOption(): Option {
  return new Option("--device <name>", `part of an adapter's name, "cpu", or "${LIST_DEVICES}"`).env("ONSAGER_DEVICE");
}

export function memoryOption(): Option {
  return new Option("--memory <size>", "what all arrays may take, such as 512MiB")
    .argParser(parseMemory)
    .default(DEFAULT_MEMORY, "4GiB");
}

export function seedOption(description: string): Option {
  return new Option("--seed <number>", description).argParser(wholeNumber(0));
}

export function closureOption(fallback: MethodName, names: readonly MethodName[] = closureNames): Option {
  return new Option("--closure <name>", "how means follow from means").choices(names).default(fallback);
}

export function strategyOption(): Option {
  return new Option("--strategy <name>", "how J reaches the field products")
    .choices(couplingStrategies)
    .default("auto");
}

export function precisionOption(): Option {
  return new Option(
    "--precision <name>",
    "f32 (the default), or of the products of\nattention on matrix units",
  ).choices(fusedPrecisions);
}

/** An empty ONSAGER_DEVICE chooses nothing. */
export function selectedDevice({ device }: Pick<DeviceSelection, "device">): string | undefined {
  return device === "" ? undefined : device;
}

export function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= minimum) return value;
    throw new InvalidArgumentError(`Expected a whole number of at least ${minimum}.`);
  };
}

export function numberWithin(test: (value: number) => boolean, expected: string): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (Number.isFinite(value) && test(value)) return value;
    throw new InvalidArgumentError(`Expected ${expected}.`);
  };
}

/** Entries separated by commas, each of them once. */
export function listOf<Entry>(read: (text: string) => Entry): (text: string) => Entry[] {
  return (text) => [...new Set(text.split(",").map((entry) => read(entry.trim())))];
}

export function oneOf<Name extends string>(names: readonly Name[]): (text: string) => Name {
  return (text) => {
    const name = names.find((each) => each === text);
    if (name !== undefined) return name;
    throw new InvalidArgumentError(`Expected names out of ${names.join(", ")}.`);
  };
}

function parseMemory(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?i?b)?$/i.exec(text.trim());
  const unit = MEMORY_UNITS[match?.[2]?.toLowerCase() ?? ""];
  const bytes = match && unit !== undefined ? Math.floor(Number(match[1]) * unit) : 0;
  if (bytes >= 1) return bytes;
  throw new InvalidArgumentError("Expected a size such as 512MiB, 2GiB or a number of bytes.");
}
