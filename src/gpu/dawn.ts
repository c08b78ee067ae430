/** Adapters under Node, through Dawn: those of the system's drivers and the one of the SwiftShader package. */
import { basename } from "node:path";
import { isMainThread } from "node:worker_threads";
import type { AdapterCandidate, AdapterKind } from "./adapter-report.js";
import { describeAdapter, SUBGROUP_MATRIX, unusable } from "./adapter-report.js";
import { findSwiftShader } from "./swiftshader.js";
import { findDriverManifests, loadVulkanLoader, manifestFolders } from "./vulkan-drivers.js";

/** Dawn ignores a toggle that it does not know, so a test looks for each of these names in its binary. */
export const DAWN_TOGGLES = {
  enable: ["vulkan_enable_f16_on_nvidia", "enable_integer_range_analysis_in_robustness"],
  /** Without these an adapter does not offer subgroup matrices; without matrices it is opened without these. */
  matrices: ["allow_unsafe_apis", "use_vulkan_memory_model"],
  disable: ["timestamp_quantization"],
  /**
   * SwiftShader clears workgroup memory by one instruction a word: 16 KiB of it take 3.4 s to compile, and 30 ms with the
   * loop that Dawn writes in its place (webgpu 0.6.2, 2026-11-29).
   */
  disableOnSwiftShader: ["use_vulkan_zero_initialize_workgroup_memory_extension"],
} as const;

const SYSTEM_DRIVERS = process.platform === "linux" ? "system Vulkan drivers" : "system drivers";

/** The backends that compute. Each is asked for by name, so the null backend, which executes nothing, never answers. */
const BACKENDS = ["vulkan", "metal", "d3d12"];

/**
 * Adapters of the drivers that the system has installed. With `eachDriver` every driver is asked on its own, which says
 * what came of each; without it all are asked at once, which spares the complaints that Dawn prints about idle ones.
 */
export async function findSystemAdapters(eachDriver: boolean): Promise<AdapterCandidate[]> {
  if (process.platform !== "linux") return probe("system-software", SYSTEM_DRIVERS, []);
  const manifests = findDriverManifests();
  if (manifests.length === 0) {
    const named = process.env.VK_DRIVER_FILES || process.env.VK_ICD_FILENAMES;
    const reason = `no Vulkan driver manifest in ${named || manifestFolders().join(", ")}`;
    return [unusable(SYSTEM_DRIVERS, "hardware", SYSTEM_DRIVERS, reason)];
  }
  if (!(await provideVulkanLoader())) {
    const reason = `the Vulkan loader libvulkan.so.1 is not installed (drivers found: ${manifests.join(", ")})`;
    return [unusable(SYSTEM_DRIVERS, "hardware", SYSTEM_DRIVERS, reason)];
  }
  const groups = eachDriver ? manifests.map((manifest) => [manifest]) : [manifests];
  const candidates: AdapterCandidate[] = [];
  for (const group of groups) {
    const driver = group.length === 1 ? group[0] : SYSTEM_DRIVERS;
    candidates.push(...(await probe("system-software", driver, group)));
  }
  return candidates.filter(({ report }, index) => {
    const first = candidates.findIndex(
      ({ report: { name, backend } }) => name === report.name && backend === report.backend,
    );
    return first === index || !report.usable; // two manifests may name one driver
  });
}

/** The software driver that comes as an optional package. */
export async function findPackageAdapters(): Promise<AdapterCandidate[]> {
  const swiftShader = await findSwiftShader();
  if (!swiftShader.available) {
    return [unusable("SwiftShader", "package-software", swiftShader.driver, swiftShader.reason)];
  }
  if (!loadVulkanLoader() && !loadVulkanLoader(swiftShader.vulkanLoader)) {
    const reason = `its Vulkan loader ${swiftShader.vulkanLoader} cannot be loaded`;
    return [unusable("SwiftShader", "package-software", swiftShader.driver, reason)];
  }
  return probe("package-software", swiftShader.driver, [swiftShader.manifest]);
}

/** The system's Vulkan loader, else the package's: drivers in a container often come without one. */
async function provideVulkanLoader(): Promise<boolean> {
  if (loadVulkanLoader()) return true;
  const swiftShader = await findSwiftShader();
  return swiftShader.available && loadVulkanLoader(swiftShader.vulkanLoader);
}

/** Every adapter of the drivers that the manifests name, of the platform where there are no manifests, or why there is none. */
async function probe(software: AdapterKind, driver: string, manifests: readonly string[]): Promise<AdapterCandidate[]> {
  return withDrivers(manifests, async () => {
    const { create } = await import("webgpu");
    const candidates: AdapterCandidate[] = [];
    for (const { backend, name } of await adapterNames(create)) {
      const found =
        (await requestAdapter(create, backend, name, true)) ?? (await requestAdapter(create, backend, name, false));
      if (found === undefined)
        candidates.push(unusable(name, software, driver, `Dawn lists it on ${backend} but opens none`));
      else candidates.push({ report: describeAdapter(found.adapter, { name, software, driver, backend }), ...found });
    }
    if (candidates.length > 0) return candidates;
    const files = manifests.map((manifest) => basename(manifest)).join(", ");
    const name = manifests.length === 1 ? files : driver;
    return [unusable(name, /lvp|swiftshader/.test(name) ? software : "hardware", driver, noDevice(files))];
  });
}

/** The adapter of that name, if it is there; with the toggles of matrices only if it then has them. Takes a millisecond. */
async function requestAdapter(
  create: (options: string[]) => GPU,
  backend: string,
  name: string,
  withMatrices: boolean,
) {
  const { enable, matrices, disable, disableOnSwiftShader } = DAWN_TOGGLES;
  const enabled = [...enable, ...(withMatrices ? matrices : [])];
  const disabled = [...disable, ...(name.includes("SwiftShader") ? disableOnSwiftShader : [])];
  const toggles = [`enable-dawn-features=${enabled.join(",")}`, `disable-dawn-features=${disabled.join(",")}`];
  const instance = create([...toggles, `backend=${backend}`, `adapter=${name}`]);
  const adapter = await instance.requestAdapter();
  if (adapter === null || (withMatrices && !adapter.features.has(SUBGROUP_MATRIX))) return undefined;
  return { instance, adapter };
}

function noDevice(files: string): string {
  const thread = isMainThread ? "" : ", or this worker thread was not started with env: SHARE_ENV";
  return `Dawn accepts no device of ${files || "the system"}: no such hardware, or the driver is too old${thread}`;
}

/** Asking for an adapter that cannot exist makes Dawn list those that do. */
async function adapterNames(create: (options: string[]) => GPU): Promise<{ backend: string; name: string }[]> {
  try {
    await create(["adapter=<none>"]).requestAdapter();
    return [];
  } catch (error) {
    const listed = String(error).matchAll(/backend: '(\w+)', name: '(.*)'/g);
    return [...listed]
      .map(([, backend, name]) => ({ backend, name }))
      .filter(({ backend }) => BACKENDS.includes(backend));
  }
}

let turn: Promise<unknown> = Promise.resolve();

/** Runs `action` while the process environment names these Vulkan drivers alone; one action at a time. */
function withDrivers<T>(manifests: readonly string[], action: () => Promise<T>): Promise<T> {
  const result = turn.then(async () => {
    if (manifests.length === 0) return action();
    const { VK_DRIVER_FILES, VK_ICD_FILENAMES } = process.env;
    setEnvironment({ VK_DRIVER_FILES: undefined, VK_ICD_FILENAMES: manifests.join(":") });
    try {
      return await action();
    } finally {
      setEnvironment({ VK_DRIVER_FILES, VK_ICD_FILENAMES });
    }
  });
  turn = result.catch(() => undefined);
  return result;
}

function setEnvironment(values: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
