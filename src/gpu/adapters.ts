/** One way to an adapter in Node and in the browser: list what there is, or open the best of it. */
import type { AdapterCandidate, AdapterReport } from "./adapter-report.js";
import { choiceReason, describeAdapter, explainChoice, preferenceOrder, unusable } from "./adapter-report.js";
import { type DeviceSettings, GpuDevice } from "./device.js";
import { NoAdapterError } from "./errors.js";

export type { AdapterReport } from "./adapter-report.js";

export interface OpenOptions extends DeviceSettings {
  /** A part of the adapter's name, in any case; without it the order is hardware, system software, package. */
  readonly select?: string;
}

/** Every adapter and every driver that was looked for, with the one that `openDevice` would open marked as chosen. */
export async function listAdapters(select?: string): Promise<AdapterReport[]> {
  return explainChoice([...(await systemCandidates(true)), ...(await packageCandidates())], select);
}

/** Opens the best adapter, or the best whose name contains `select`; NoAdapterError when there is none. */
export async function openDevice({ select, ...settings }: OpenOptions = {}): Promise<GpuDevice> {
  const findings: string[] = [];
  for (const find of [() => systemCandidates(false), packageCandidates]) {
    const candidates = await find();
    for (const candidate of preferenceOrder(candidates, select)) {
      const { report, instance, adapter } = candidate;
      if (instance === undefined || adapter === undefined) continue;
      try {
        const chosen = { ...report, chosen: true, reason: choiceReason(report, select) };
        return await GpuDevice.open(instance, adapter, chosen, settings);
      } catch (error) {
        findings.push(`${report.name} (does not open: ${error instanceof Error ? error.message : String(error)})`);
      }
    }
    findings.push(...candidates.flatMap(({ report }) => finding(report, select)));
  }
  const what = select === undefined ? "no usable GPU adapter" : `no adapter's name contains "${select}"`;
  throw new NoAdapterError(what, findings, remedy(select));
}

function finding({ name, usable, reason }: AdapterReport, select: string | undefined): string[] {
  if (!usable) return [`${name} (${reason})`];
  return select !== undefined && !name.toLowerCase().includes(select.toLowerCase()) ? [name] : [];
}

function remedy(select: string | undefined): string {
  if (select !== undefined) return "name one of those that were found, or none for the default";
  return "install a Vulkan driver, or the package @sparticuz/chromium for a software one, or compute on the CPU";
}

async function systemCandidates(eachDriver: boolean): Promise<AdapterCandidate[]> {
  if (!inNode()) return browserCandidates();
  return (await import("./dawn.js")).findSystemAdapters(eachDriver);
}

async function packageCandidates(): Promise<AdapterCandidate[]> {
  if (!inNode()) return [];
  return (await import("./dawn.js")).findPackageAdapters();
}

function inNode(): boolean {
  return typeof process !== "undefined" && typeof process.versions?.node === "string";
}

/** A browser shows one adapter, and hides its name until the user allows more: there is nothing to enumerate. */
async function browserCandidates(): Promise<AdapterCandidate[]> {
  const instance = (globalThis.navigator as { gpu?: GPU } | undefined)?.gpu;
  if (instance === undefined) {
    return [
      unusable(
        "navigator.gpu",
        "hardware",
        "browser",
        "the browser has no WebGPU, or the page is not served over https",
      ),
    ];
  }
  const adapter = await instance.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) return [unusable("navigator.gpu", "hardware", "browser", "the browser offers no adapter")];
  const from = { name: undefined, software: "system-software", driver: "browser", backend: "browser" } as const;
  return [{ report: describeAdapter(adapter, from), instance, adapter }];
}
