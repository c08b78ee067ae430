/** The series of a panel as ECharts options. Data are in axis coordinates. */
import type { CustomSeriesOption } from "echarts/charts";
import type { BandSeries, LineSeries, Mark, Panel, Point, PointSeries, Series } from "./figure.js";
import type { PlacedPanel, Rectangle } from "./layout.js";
import { GREY, plainLine, WHITE, type Style, styleOf } from "./palette.js";
import { cross, CURVE_WIDTH, type Drawing, errorBar, marker, sample, SAMPLE_OFFSET } from "./symbols.js";

type RenderItem = NonNullable<CustomSeriesOption["renderItem"]>;
type Coordinates = (x: number, y: number) => { x: number; y: number };

/** Which things cover which: bands below axes, axes below curves, curves below points. */
export const LAYER = { band: 1, mark: 2, axis: 3, line: 4, sample: 5, point: 6 } as const;

export const BAND_OPACITY = 0.18;
const MARK_DASH = [2.5, 2];

/** Numbers of the styles of all series of a panel; undefined for lines and bands that belong to no points. */
function styleNumbers(panel: Panel): (number | undefined)[] {
  let next = 0;
  return panel.series.map((series) => series.style ?? (series.kind === "points" ? next++ : undefined));
}

/** The look of each series of a panel, in order. */
export function seriesStyles(panel: Panel): (Pick<Style, "colour" | "dash"> & Partial<Style>)[] {
  let plain = 0;
  return styleNumbers(panel).map((number, k) => {
    if (number !== undefined) return styleOf(number);
    return plainLine(panel.series[k].kind === "line" ? plain++ : 0);
  });
}

/**
 * All series of one panel.
 *
 * @param placed the panel with its axes
 * @param axisIndex index of the panel's x axis and y axis
 */
export function seriesOptions(placed: PlacedPanel, axisIndex: number): CustomSeriesOption[] {
  const styles = seriesStyles(placed.panel);
  const axes = { xAxisIndex: axisIndex, yAxisIndex: axisIndex, silent: true, animation: false } as const;
  const drawn = placed.panel.series.flatMap((series: Series, k): CustomSeriesOption[] => {
    if (series.kind === "line") return [{ ...lineOption(series, placed, styles[k]), ...axes }];
    if (series.kind === "band") return [{ ...bandOption(series, placed, styles[k].colour), ...axes }];
    return pointOptions(series, placed, styles[k] as Style).map((option) => ({ ...option, ...axes }));
  });
  const marks = (placed.panel.marks ?? []).map((mark) => ({ ...markOption(mark, placed), ...axes }));
  return [...marks, ...drawn];
}

function lineOption(series: LineSeries, placed: PlacedPanel, look: Pick<Style, "colour" | "dash">): CustomSeriesOption {
  const rows = Array.from(series.x, (x, k) => ({ x: placed.x.coordinate(x), y: placed.y.coordinate(series.y[k]) }));
  const dash = [...look.dash];
  const style = {
    fill: "none",
    stroke: look.colour,
    lineWidth: CURVE_WIDTH,
    lineDash: dash,
    lineJoin: "round",
  } as const;
  return customOption(LAYER.line, placed.frame, consecutive(rows), (stretch, at) => {
    const points = stretch.map((row) => at(row.x, row.y)).map(({ x, y }): [number, number] => [x, y]);
    const line: Drawing = { type: "polyline", shape: { points }, style };
    // A dark line on a map needs a bright edge.
    const edge = { fill: "none", stroke: WHITE, lineWidth: CURVE_WIDTH + 2, lineJoin: "round" } as const;
    return placed.panel.map ? [{ type: "polyline", shape: { points }, style: edge }, line] : [line];
  });
}

function bandOption(series: BandSeries, { x, y, frame }: PlacedPanel, colour: string): CustomSeriesOption {
  const rows = Array.from(series.x, (value, k) => ({
    x: x.coordinate(value),
    lower: y.coordinate(series.lower[k]),
    upper: y.coordinate(series.upper[k]),
  }));
  return customOption(LAYER.band, frame, consecutive(rows), (stretch, at) => {
    const upper = stretch.map((row) => at(row.x, row.upper));
    const lower = stretch.map((row) => at(row.x, row.lower)).reverse();
    const points = [...upper, ...lower].map((corner): [number, number] => [corner.x, corner.y]);
    return [{ type: "polygon", shape: { points }, style: { fill: colour, opacity: BAND_OPACITY } }];
  });
}

function pointOptions(series: PointSeries, { x, y }: PlacedPanel, style: Style): CustomSeriesOption[] {
  const inside = (value: number, scale: PlacedPanel["x"]): boolean => {
    const at = scale.coordinate(value);
    return at >= scale.start && at <= scale.end;
  };
  const visible = series.points.filter((point) => inside(point.x, x));
  const samples = visible.flatMap((point) =>
    (point.samples ?? []).map((value, k) => ({ x: point.x, y: value, side: k % 2 === 0 ? -1 : 1 })),
  );
  const drawPoint = (point: Point, at: Coordinates): Drawing[] => {
    const centre = at(x.coordinate(point.x), y.coordinate(point.y));
    const sign =
      point.converged === false ? cross(style.colour, centre.x, centre.y) : [marker(style, centre.x, centre.y)];
    const bar = point.errorBar ?? NaN;
    if (!(bar > 0)) return sign;
    const [low, high] = [point.y - bar, point.y + bar].map((value, isHigh) => {
      const wanted = y.coordinate(value);
      const end = Number.isNaN(wanted) ? (isHigh ? y.end : y.start) : Math.min(y.end, Math.max(y.start, wanted));
      return { y: at(x.coordinate(point.x), end).y, cut: end !== wanted };
    });
    return [...errorBar(style.colour, centre.x, low, high), ...sign];
  };
  return [
    customOption(
      LAYER.sample,
      undefined,
      samples.filter((row) => inside(row.y, y)),
      (row, at) => {
        const centre = at(x.coordinate(row.x), y.coordinate(row.y));
        return [sample(style.colour, centre.x + row.side * SAMPLE_OFFSET, centre.y)];
      },
    ),
    customOption(
      LAYER.point,
      undefined,
      visible.filter((point) => inside(point.y, y)),
      drawPoint,
    ),
  ];
}

function markOption(mark: Mark, { x, y }: PlacedPanel): CustomSeriesOption {
  const colour = mark.style === undefined ? GREY : styleOf(mark.style).colour;
  return customOption(LAYER.mark, undefined, [mark], (_, at) => {
    const from = "x" in mark ? at(x.coordinate(mark.x), y.start) : at(x.start, y.coordinate(mark.y));
    const to = "x" in mark ? at(x.coordinate(mark.x), y.end) : at(x.end, y.coordinate(mark.y));
    const shape = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
    return [{ type: "line", shape, style: { stroke: colour, lineWidth: 0.8, lineDash: MARK_DASH } }];
  });
}

/**
 * One group of drawings for each row.
 *
 * @param clip rectangle outside which nothing is drawn; ECharts' own clipping is off by up to a pixel
 */
function customOption<Row>(
  z: number,
  clip: Rectangle | undefined,
  rows: readonly Row[],
  draw: (row: Row, at: Coordinates) => Drawing[],
): CustomSeriesOption {
  const renderItem: RenderItem = (parameters, api) => {
    const at: Coordinates = (x, y) => {
      const [px, py] = api.coord([x, y]);
      return { x: px, y: py };
    };
    const group = { type: "group" as const, children: draw(rows[parameters.dataIndex], at) };
    if (!clip) return group;
    const { left, top, width, height } = clip;
    return { ...group, clipPath: { type: "rect", shape: { x: left, y: top, width, height } } };
  };
  // ECharts only counts these rows; what they mean is known to `draw`.
  return { type: "custom", z, clip: false, renderItem, data: rows.map((_, k) => [k, k]) };
}

/** Stretches of rows without a missing number. */
function consecutive<Row extends Record<string, number>>(rows: readonly Row[]): Row[][] {
  const stretches: Row[][] = [[]];
  for (const row of rows) {
    if (Object.values(row).every(Number.isFinite)) stretches[stretches.length - 1].push(row);
    else stretches.push([]);
  }
  return stretches.filter((stretch) => stretch.length > 1);
}
