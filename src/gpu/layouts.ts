/** What a program binds and how its parameters lie in memory, read off the shader text: there is no other list. */
import { ResourceType, WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";
import type { VariableInfo } from "wgsl_reflect";
import { GpuError } from "./errors.js";

const COMPUTE_STAGE = 0x4; // GPUShaderStage.COMPUTE, which is no global in Node

interface ArrayBinding {
  readonly name: string;
  readonly binding: number;
  readonly writable: boolean;
  /** The least bytes that a bound array must have: one element, or the whole array where its size is fixed. */
  readonly minimumBytes: number;
}

type ScalarType = "u32" | "i32" | "f32";

interface ParamMember {
  readonly name: string;
  readonly type: ScalarType;
  readonly offset: number;
}

export interface ParamsLayout {
  readonly binding: number;
  readonly bytes: number;
  readonly members: readonly ParamMember[];
}

export interface ProgramLayout {
  readonly entryPoint: string;
  readonly arrays: readonly ArrayBinding[];
  readonly params: ParamsLayout | undefined;
}

/** Reads bind group 0 of a program that is known to compile. */
export function reflectLayout(name: string, source: string): ProgramLayout {
  const reflection = new WgslReflect(withoutBodies(source));
  const entries = reflection.entry.compute;
  if (entries.length !== 1) {
    throw new GpuError(`a program has exactly one compute entry point, not ${entries.length}`, { kernel: name });
  }
  const groups = reflection.getBindGroups();
  if (groups.length > 1) throw new GpuError("only @group(0) may be used", { kernel: name });
  const arrays: ArrayBinding[] = [];
  let params: ParamsLayout | undefined;
  for (const variable of groups[0] ?? []) {
    if (variable === undefined) continue; // binding numbers may have gaps
    if (variable.resourceType === ResourceType.Storage) {
      arrays.push({
        name: variable.name,
        binding: variable.binding,
        writable: variable.access === "read_write",
        minimumBytes: variable.size > 0 ? variable.size : variable.stride,
      });
    } else if (variable.resourceType === ResourceType.Uniform && params === undefined) {
      params = paramsLayout(name, variable);
    } else {
      throw new GpuError(`binding ${variable.name} is neither a storage array nor the uniform params`, {
        kernel: name,
      });
    }
  }
  return { entryPoint: entries[0].name, arrays, params };
}

/**
 * The declarations alone: the reflecting parser rejects some valid statements, `return a.x * b.x;` for one, and does not
 * know the types of subgroup matrices, which nothing that is bound consists of.
 */
function withoutBodies(source: string): string {
  const text = source.replace(/\/\/.*|\/\*[^]*?\*\//g, "").replace(/\bsubgroup_matrix_\w+<[^>]*>/g, "f32");
  let declarations = "";
  let end = 0;
  for (const header of text.matchAll(/\bfn\b[^{]*\{/g)) {
    declarations += `${text.slice(end, header.index)}${header[0]} }`;
    end = closingBrace(text, header.index + header[0].length) + 1;
  }
  return declarations + text.slice(end);
}

function closingBrace(text: string, start: number): number {
  let depth = 1;
  let position = start;
  for (; depth > 0 && position < text.length; position++) {
    if (text[position] === "{") depth++;
    else if (text[position] === "}") depth--;
  }
  return position - 1;
}

function paramsLayout(kernel: string, variable: VariableInfo): ParamsLayout {
  const members = (variable.members ?? []).map(({ name, type, offset }) => {
    if (!isScalar(type.name)) throw new GpuError(`member ${name} of params is no u32, i32 or f32`, { kernel });
    return { name, type: type.name, offset };
  });
  if (members.length === 0) throw new GpuError(`uniform ${variable.name} is no struct of scalars`, { kernel });
  return { binding: variable.binding, bytes: Math.ceil(variable.size / 16) * 16, members };
}

function isScalar(type: string): type is ScalarType {
  return type === "u32" || type === "i32" || type === "f32";
}

/** The layout with a dynamic offset for the parameters, so that one bind group serves every set of parameters. */
export function bindGroupLayoutEntries({ arrays, params }: ProgramLayout): GPUBindGroupLayoutEntry[] {
  const entries = arrays.map(({ binding, writable, minimumBytes }): GPUBindGroupLayoutEntry => ({
    binding,
    visibility: COMPUTE_STAGE,
    buffer: { type: writable ? "storage" : "read-only-storage", minBindingSize: minimumBytes },
  }));
  if (params !== undefined) {
    const buffer: GPUBufferBindingLayout = { type: "uniform", hasDynamicOffset: true, minBindingSize: params.bytes };
    entries.push({ binding: params.binding, visibility: COMPUTE_STAGE, buffer });
  }
  return entries;
}

/** Writes the parameters, by member name, at `offset` of `view`, or says which of them does not fit its type. */
export function writeParams(
  layout: ParamsLayout,
  values: Readonly<Record<string, number>>,
  view: DataView,
  offset: number,
): string | undefined {
  for (const { name, type, offset: memberOffset } of layout.members) {
    if (!representable(type, values[name])) return `parameter ${name} is ${String(values[name])}, which is no ${type}`;
    const at = offset + memberOffset;
    if (type === "f32") view.setFloat32(at, values[name], true);
    else if (type === "i32") view.setInt32(at, values[name], true);
    else view.setUint32(at, values[name], true);
  }
  return undefined;
}

function representable(type: ScalarType, value: number | undefined): boolean {
  if (value === undefined) return false;
  if (type === "f32") return Number.isFinite(Math.fround(value));
  if (!Number.isInteger(value)) return false;
  return type === "u32" ? value >= 0 && value < 2 ** 32 : value >= -(2 ** 31) && value < 2 ** 31;
}

/** Says which names are missing and which are too many, or nothing when the two lists agree. */
export function nameMismatch(kind: string, expected: readonly string[], given: readonly string[]): string | undefined {
  const missing = expected.filter((name) => !given.includes(name));
  const unknown = given.filter((name) => !expected.includes(name));
  if (missing.length === 0 && unknown.length === 0) return undefined;
  const parts = [];
  if (missing.length > 0) parts.push(`missing ${kind} ${missing.join(", ")}`);
  if (unknown.length > 0) parts.push(`unknown ${kind} ${unknown.join(", ")}`);
  return parts.join(" and ");
}
