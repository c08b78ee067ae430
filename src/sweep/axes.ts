/** Axes of a sweep: their values, which of them advance together, and how they combine into points. */
import { InputError } from "../physics/input-error.js";
import type { SweepInput } from "./spec-schema.js";

export type AxisValue = number | string;

export interface Axis {
  /** `beta`, `closure`, `steps`, `direction`, or a dotted path into the system. */
  readonly path: string;
  /** In the order of the tables, those that refinement has added among them. */
  readonly values: readonly AxisValue[];
  readonly scale: "linear" | "log";
  /** Axes with the same number advance together. */
  readonly group: number;
}

/** The axis that a walk up and down adds. */
export const DIRECTION_AXIS = "direction";

/** Values of an axis that refinement has added, round by round. */
export type Refined = readonly (readonly number[])[];

/** Twelve digits: 0.5 + 3 * 0.085 shall read 0.755 in a table. */
export const rounded = (value: number) => Number(value.toPrecision(12));

/** @throws InputError for an axis without points, a bad range, or paths of `zip` that do not fit together */
export function readAxes({ axes: given, zip = [] }: SweepInput, context: string): Axis[] {
  const paths = Object.keys(given);
  if (paths.length === 0) throw new InputError(`${context}: axes`, "no axis", "at least one, such as beta");
  const axes = paths.map((path, k) => ({ ...readAxis(path, given[path], `${context}: axes.${path}`), group: k }));
  zip.forEach((together, k) => {
    const where = `${context}: zip[${k}]`;
    const members = together.map((path) => {
      const axis = axes.find((one) => one.path === path);
      if (axis === undefined) throw new InputError(where, path, `paths of axes: ${paths.join(", ")}`);
      return axis;
    });
    const taken = zip
      .slice(0, k)
      .flat()
      .concat(together)
      .filter((path, at, all) => all.indexOf(path) !== at);
    if (taken.length > 0) throw new InputError(where, `${taken[0]} twice`, "every axis in one list at most");
    const lengths = members.map(({ values }) => values.length);
    if (lengths.some((length) => length !== lengths[0])) {
      throw new InputError(where, `axes of ${lengths.join(" and ")} values`, "axes with equally many");
    }
    for (const member of members) member.group = members[0].group;
  });
  return axes;
}

function readAxis(path: string, axis: SweepInput["axes"][string], where: string): Omit<Axis, "group"> {
  if (path === DIRECTION_AXIS) throw new InputError(where, path, "continuation with direction: up-and-down");
  if (Array.isArray(axis)) return { path, values: axis, scale: "linear" };
  const { from, to, count, scale } = axis;
  if (scale === "log" && !(from > 0 && to > 0)) {
    throw new InputError(where, `a log range from ${from} to ${to}`, "ends above zero");
  }
  const values = Array.from({ length: count }, (_, k) => {
    if (k === 0) return from;
    if (k === count - 1) return to;
    const t = k / (count - 1);
    return rounded(scale === "log" ? from * (to / from) ** t : from + (to - from) * t);
  });
  return { path, values, scale };
}

/** Number of points that the axes have. */
export function countPoints(axes: readonly Axis[]): number {
  return [...groupsOf(axes).values()].reduce((product, [{ values }]) => product * values.length, 1);
}

/** Values of every point, in the order of the axes; the last axis runs fastest. */
export function crossed(axes: readonly Axis[]): AxisValue[][] {
  const groups = [...groupsOf(axes).values()];
  const places = groups.reduce<number[][]>(
    (rows, [{ values }]) => rows.flatMap((row) => values.map((_, place) => [...row, place])),
    [[]],
  );
  return places.map((row) =>
    axes.map(({ values, group }) => values[row[groups.findIndex(([first]) => first.group === group)]]),
  );
}

function groupsOf(axes: readonly Axis[]): Map<number, Axis[]> {
  const groups = new Map<number, Axis[]>();
  for (const axis of axes) groups.set(axis.group, [...(groups.get(axis.group) ?? []), axis]);
  return groups;
}

/**
 * Axes that tell series apart where `axis` is drawn against: all others, but for those that advance with it. One that is zipped
 * with it and has every value more than once is no companion but a label: three disorders, each over an own range of β.
 */
export function otherAxes(axes: readonly Axis[], axis: number): number[] {
  return axes.flatMap(({ group, values }, k) => {
    if (k === axis) return [];
    const repeats = values.every((value, at) => values.indexOf(value) !== at || values.lastIndexOf(value) !== at);
    return group === axes[axis]?.group && !repeats ? [] : [k];
  });
}

/** Whether every value of the axis is a number. */
export const isNumeric = ({ values }: Axis) => values.every((value) => typeof value === "number");

/** `beta` is a key of the system like any other; deeper paths must lead through objects that the system has. */
export function setPath(system: Record<string, unknown>, path: string, value: AxisValue, where: string): void {
  const keys = path.split(".");
  let at: Record<string, unknown> = system;
  for (const key of keys.slice(0, -1)) {
    const next = at[key];
    // An entry of a list by its place, such as species.0.beta.
    if (typeof next !== "object" || next === null) {
      throw new InputError(
        where,
        `no object ${key} in the system`,
        "beta, closure, steps, or a dotted path into system",
      );
    }
    at = next as Record<string, unknown>;
  }
  at[keys[keys.length - 1]] = value;
}
