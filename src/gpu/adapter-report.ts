/** What is known about an adapter, in words and numbers, and which one of several is preferred. */

export type AdapterKind = "hardware" | "system-software" | "package-software";

/** An experiment of Dawn and Chrome that the types of WebGPU do not know. */
export const SUBGROUP_MATRIX = "chromium-experimental-subgroup-matrix" as GPUFeatureName;

/** Matrices that a subgroup multiplies: M × K times K × N numbers of one type gives M × N of another. */
export interface SubgroupMatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

export interface AdapterReport {
  /** The driver's name for it; `select` matches a part of this. */
  readonly name: string;
  readonly kind: AdapterKind;
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** Where the driver came from: its manifest file, its package, or the browser. */
  readonly driver: string;
  readonly backend: string;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  /** 0 where the adapter has no subgroups. */
  readonly subgroupMinSize: number;
  readonly subgroupMaxSize: number;
  /** Empty where the adapter has no subgroup matrices. */
  readonly subgroupMatrixConfigs: readonly SubgroupMatrixConfig[];
  /** False for a driver that was found but rejected, or looked for and missing. */
  readonly usable: boolean;
  readonly chosen: boolean;
  /** Why it was chosen, passed over, or cannot be used. */
  readonly reason: string;
}

/** A driver that was looked for, with the adapter that came of it, if one did. */
export interface AdapterCandidate {
  readonly report: AdapterReport;
  /** The object that owns the driver: it must stay reachable for as long as the adapter or its device lives. */
  readonly instance?: GPU;
  readonly adapter?: GPUAdapter;
}

const PREFERENCE: readonly AdapterKind[] = ["hardware", "system-software", "package-software"];
const SOFTWARE = /llvmpipe|lavapipe|swiftshader|basic render|softpipe/i;

export function describeAdapter(
  adapter: GPUAdapter,
  from: { name: string | undefined; software: AdapterKind; driver: string; backend: string },
): AdapterReport {
  const { info } = adapter;
  const name = from.name || info.description || info.device || info.architecture || info.vendor || "unnamed adapter";
  const software = info.isFallbackAdapter || SOFTWARE.test(`${name} ${info.description} ${info.architecture}`);
  return {
    name,
    kind: software ? from.software : "hardware",
    vendor: info.vendor,
    architecture: info.architecture,
    device: info.device,
    description: info.description,
    driver: from.driver,
    backend: from.backend,
    features: [...adapter.features].sort(),
    limits: readLimits(adapter.limits),
    subgroupMinSize: info.subgroupMinSize ?? 0,
    subgroupMaxSize: info.subgroupMaxSize ?? 0,
    subgroupMatrixConfigs: readMatrixConfigs(info),
    usable: true,
    chosen: false,
    reason: "",
  };
}

/** The report of a driver that cannot be used, and why. */
export function unusable(name: string, kind: AdapterKind, driver: string, reason: string): AdapterCandidate {
  const nothing = { vendor: "", architecture: "", device: "", description: "", backend: "", features: [], limits: {} };
  const report = {
    ...nothing,
    name,
    kind,
    driver,
    subgroupMinSize: 0,
    subgroupMaxSize: 0,
    subgroupMatrixConfigs: [],
    reason,
  };
  return { report: { ...report, usable: false, chosen: false } };
}

/** Limits are getters on a prototype, so neither spread nor Object.entries sees them. */
export function readLimits(limits: GPUSupportedLimits): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const name in limits) {
    const value: unknown = limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") numbers[name] = value;
  }
  return numbers;
}

/** Of the adapter: the device that is opened lists none. Getters on a prototype too. */
function readMatrixConfigs(info: GPUAdapterInfo): SubgroupMatrixConfig[] {
  const { subgroupMatrixConfigs = [] } = info as { subgroupMatrixConfigs?: Iterable<SubgroupMatrixConfig> };
  return [...subgroupMatrixConfigs].map(({ componentType, resultComponentType, M, N, K }) => ({
    componentType,
    resultComponentType,
    M,
    N,
    K,
  }));
}

/** The usable candidates that `select` allows, best first. */
export function preferenceOrder(candidates: readonly AdapterCandidate[], select?: string): AdapterCandidate[] {
  return candidates
    .filter(({ report }) => report.usable && matches(report, select))
    .sort((one, other) => PREFERENCE.indexOf(one.report.kind) - PREFERENCE.indexOf(other.report.kind));
}

/** The reports with `chosen` and `reason` filled in, as if the first of the preference order were opened. */
export function explainChoice(candidates: readonly AdapterCandidate[], select?: string): AdapterReport[] {
  const chosen = preferenceOrder(candidates, select).at(0);
  return candidates.map((candidate) => {
    const { report } = candidate;
    if (!report.usable) return report;
    if (candidate === chosen) return { ...report, chosen: true, reason: choiceReason(report, select) };
    if (!matches(report, select)) return { ...report, reason: `its name does not contain "${select}"` };
    return { ...report, reason: `passed over for ${chosen?.report.name} (${chosen?.report.kind})` };
  });
}

export function choiceReason({ kind }: AdapterReport, select?: string): string {
  if (select !== undefined) return `selected by "${select}"`;
  if (kind === "hardware") return "the first hardware adapter";
  if (kind === "system-software") return "no hardware adapter; a software driver of the system";
  return "no adapter of the system; the software driver that comes as a package";
}

function matches({ name }: AdapterReport, select: string | undefined): boolean {
  return select === undefined || name.toLowerCase().includes(select.toLowerCase());
}
