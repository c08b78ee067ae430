/** What decides between the strategies of a fused kernel, of an open GPU. */
import type { GpuDevice } from "../gpu/device.js";
import { matrixConfiguration } from "../kernels/matrix-tile.js";
import type { AdapterTraits } from "../kernels/strategies.js";

export function adapterTraits({ adapter, features, limits }: GpuDevice): AdapterTraits {
  const fixedSize = features.has("subgroups") && adapter.subgroupMinSize === adapter.subgroupMaxSize;
  const { subgroupMatrixConfigs: matrixShapes, subgroupMinSize, subgroupMaxSize } = adapter;
  const invocations = Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX);
  const bytes = limits.maxComputeWorkgroupStorageSize;
  const workgroup = { workgroupInvocations: invocations, workgroupStorage: bytes };
  return {
    software: adapter.kind !== "hardware",
    subgroupSize: fixedSize ? adapter.subgroupMinSize : undefined,
    workgroup: { invocations, bytes },
    matrices: matrixConfiguration({ features, matrixShapes, subgroupMinSize, subgroupMaxSize, ...workgroup }),
  };
}
