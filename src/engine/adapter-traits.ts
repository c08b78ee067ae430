/** What decides between the strategies of a fused kernel, of an open GPU. */
import type { GpuDevice } from "../gpu/device.js";
import type { AdapterTraits } from "../kernels/strategies.js";

export function adapterTraits({ adapter, features, limits }: GpuDevice): AdapterTraits {
  const fixedSize = features.has("subgroups") && adapter.subgroupMinSize === adapter.subgroupMaxSize;
  return {
    software: adapter.kind !== "hardware",
    subgroupSize: fixedSize ? adapter.subgroupMinSize : undefined,
    workgroup: {
      invocations: Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX),
      bytes: limits.maxComputeWorkgroupStorageSize,
    },
  };
}
