/** JSON that says of itself whether it is whole: its last member is a checksum of all the others. */
import { createHash } from "node:crypto";

export const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** JSON has no such numbers; they stand as texts, and texts that read so get a backslash in front. */
const NOT_FINITE: Readonly<Record<string, number>> = { NaN, Infinity, "-Infinity": -Infinity };
const MISTAKABLE = /^\\*(NaN|-?Infinity)$/;

function encode(_: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return typeof value === "string" && MISTAKABLE.test(value) ? `\\${value}` : value;
}

function decode(_: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (Object.hasOwn(NOT_FINITE, value)) return NOT_FINITE[value];
  return MISTAKABLE.test(value) ? value.slice(1) : value;
}

/**
 * Text of an object, with `checksum` behind its members: the SHA-256 of the JSON of all others. Numbers keep every bit
 * (but for the sign of zero), those that are not finite as the texts NaN, Infinity and -Infinity.
 */
export function seal(value: Readonly<Record<string, unknown>>, indent?: number): string {
  const checksum = sha256(JSON.stringify(value, encode));
  return `${JSON.stringify({ ...value, checksum }, encode, indent)}\n`;
}

/** @returns the object without its checksum, or a few words that say what is wrong with the text */
export function unseal(text: string): Record<string, unknown> | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "text that is no JSON: cut off, or damaged";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "JSON that is no object";
  if (!("checksum" in value)) return "no checksum";
  const { checksum, ...rest } = value as Record<string, unknown>;
  if (checksum !== sha256(JSON.stringify(rest))) return "a checksum that does not fit: edited, or damaged";
  return JSON.parse(JSON.stringify(rest), decode) as Record<string, unknown>;
}
