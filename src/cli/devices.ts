/** `onsager devices`: every adapter and driver that was looked for, and what would be chosen. */
import { listAdapters } from "../engine/devices.js";
import type { AdapterReport } from "../engine/devices.js";
import type { Session } from "./session.js";
import { labelled } from "./text-layout.js";

/** The limits that decide what a device can hold and run; --json has all of them. */
const SHOWN_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
];

type DeviceReport = Omit<AdapterReport, "kind"> & { readonly kind: AdapterReport["kind"] | "cpu" };

export async function devicesCommand(
  options: { readonly select: string | undefined; readonly json: boolean; readonly version: string },
  session: Session,
): Promise<void> {
  const devices = await listDevices(options.select);
  const chosen = devices.find((device) => device.chosen)?.name ?? null;
  if (options.json) {
    session.print(JSON.stringify({ chosen, devices, version: options.version }, null, 2));
    return;
  }
  session.print(devices.map(describe).join("\n\n"));
  if (chosen === null) session.note(`onsager: no device has "${options.select}" in its name`);
}

/** Every adapter and driver that was looked for, and the CPU engine behind them. */
async function listDevices(select: string | undefined): Promise<DeviceReport[]> {
  const isCpu = select?.toLowerCase() === "cpu";
  const adapters = await listAdapters(isCpu ? undefined : select);
  const chosen = isCpu ? undefined : adapters.find((adapter) => adapter.chosen);
  const reports = adapters.map((adapter) =>
    isCpu && adapter.usable ? { ...adapter, chosen: false, reason: `its name is not "${select}"` } : adapter,
  );
  return [...reports, cpuEngine(isCpu, select, chosen)];
}

function cpuEngine(isSelected: boolean, select: string | undefined, chosen: AdapterReport | undefined): DeviceReport {
  const isChosen = isSelected || (chosen === undefined && select === undefined);
  let reason = `passed over for ${chosen?.name}`;
  if (isSelected) reason = 'selected by "cpu"';
  else if (isChosen) reason = "no usable GPU adapter";
  else if (chosen === undefined) reason = `its name does not contain "${select}"`;
  return {
    name: "cpu",
    kind: "cpu",
    vendor: "",
    architecture: process.arch,
    device: "",
    description: "the CPU engine: every kernel in float64, on one thread",
    driver: `Node.js ${process.version}`,
    backend: "float64",
    features: [],
    limits: {},
    subgroupMinSize: 0,
    subgroupMaxSize: 0,
    subgroupMatrixConfigs: [],
    usable: true,
    chosen: isChosen,
    reason,
  };
}

function describe(device: DeviceReport): string {
  const { name, kind, driver, backend, description, features, limits, usable, chosen, reason } = device;
  const line = (label: string, text: string) => (text === "" ? [] : [labelled(label, text, 2)]);
  const verdict = chosen ? "chosen: " : usable ? "" : "not usable: ";
  return [
    `${chosen ? "* " : "  "}${name}`,
    ...line("verdict", verdict + reason),
    ...line("kind", kind),
    ...line("driver", backend === "" ? driver : `${driver} (${backend})`),
    ...line("description", description),
    ...line("subgroups", subgroups(device)),
    ...line("matrices", matrices(device)),
    ...line("features", features.join(", ")),
    ...line(
      "limits",
      SHOWN_LIMITS.filter((limit) => limit in limits)
        .map((limit) => `${limit} ${limits[limit]}`)
        .join(", "),
    ),
  ].join("\n");
}

function matrices({ subgroupMatrixConfigs }: DeviceReport): string {
  return subgroupMatrixConfigs
    .map(
      ({ componentType, resultComponentType, M, N, K }) => `${componentType} ${M}x${N}x${K} to ${resultComponentType}`,
    )
    .join(", ");
}

function subgroups({ subgroupMinSize, subgroupMaxSize, usable, kind }: DeviceReport): string {
  if (!usable || kind === "cpu") return "";
  if (subgroupMaxSize === 0) return "none";
  return subgroupMinSize === subgroupMaxSize ? `of ${subgroupMinSize}` : `of ${subgroupMinSize} to ${subgroupMaxSize}`;
}
