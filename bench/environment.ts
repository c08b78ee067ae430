/** What the numbers belong to: adapter, driver, toggles, versions, machine, date. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { basename, isAbsolute } from "node:path";
import type { DeviceDescription } from "../src/engine/executor.js";
import { DAWN_TOGGLES } from "../src/gpu/dawn.js";
import type { BenchAdapter } from "./adapter.js";
import type { Ceilings } from "./ceilings.js";
import { peerVersions } from "./peer-packages.js";
import { digits, listItem } from "./rows.js";

export interface Environment {
  readonly date: string;
  readonly adapter: {
    readonly name: string;
    readonly kind: string;
    readonly description: string;
    readonly driver: string;
    readonly backend: string;
  };
  /** Of Onsager's Dawn, which jax-js and tfjs share. onnxruntime sets its own. */
  readonly toggles: { readonly enabled: readonly string[]; readonly disabled: readonly string[] } | null;
  readonly node: string;
  readonly machine: {
    readonly platform: string;
    readonly processor: string;
    readonly cores: number;
    readonly memoryGiB: number;
    /** Of the last minute before the start: what else ran. */
    readonly load: number;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly ceilings: Ceilings | null;
}

const load = loadavg()[0];

export function describeEnvironment(
  device: DeviceDescription,
  adapter: BenchAdapter | undefined,
  ceilings: Ceilings | null,
): Environment {
  const { name, kind, driver, backend, description } = { description: "", ...device, ...adapter?.report };
  return {
    date: new Date().toISOString(),
    adapter: { name, kind, description, driver: isAbsolute(driver) ? basename(driver) : driver, backend },
    toggles: adapter ? { enabled: DAWN_TOGGLES.enable, disabled: DAWN_TOGGLES.disable } : null,
    node: process.version,
    machine: {
      platform: `${process.platform} ${process.arch}`,
      processor: cpus()[0]?.model.trim() ?? "unknown processor",
      cores: availableParallelism(),
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      load,
    },
    versions: { onsager: ownVersion(), webgpu: webgpuVersion(), ...peerVersions() },
    ceilings,
  };
}

export function environmentText({ date, adapter, toggles, node, machine, versions, ceilings }: Environment): string {
  const { platform, processor, cores, memoryGiB } = machine;
  return [
    `${adapter.name}, ${adapter.kind}, ${adapter.backend}, driver ${adapter.driver} (${adapter.description})`,
    `Dawn toggles: ${toggles ? `on ${toggles.enabled.join(", ")}; off ${toggles.disabled.join(", ")}` : "no Dawn"}`,
    `${platform}, ${cores} × ${processor}, ${memoryGiB} GiB, load ${machine.load.toFixed(1)}, Node.js ${node}, ${date}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
    ...(ceilings
      ? [`ceilings: ${digits(ceilings.gflops)} GFLOP/s of f32 FMA, ${digits(ceilings.gbps)} GB/s copied`]
      : []),
  ]
    .map((line) => listItem(line))
    .join("\n");
}

function ownVersion(): string {
  return versionIn(new URL("../package.json", import.meta.url));
}

function webgpuVersion(): string {
  return versionIn(createRequire(import.meta.url).resolve("webgpu/package.json"));
}

function versionIn(manifest: URL | string): string {
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}
