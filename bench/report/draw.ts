// Draws a chart as an SVG that follows its reader's colour scheme.
//
// ECharts knows nothing of colour schemes: it draws in the light colours, and a style sheet inside the picture, which
// outranks the attributes it wrote, replaces each by its dark counterpart.

import * as echarts from 'echarts';
import type { Chart, Series } from '../plots.ts';
import { readable } from '../table.ts';
import { type Colour, chrome, colourOf, everyColour } from './palette.ts';

const WIDTH = 760;
const LINES_HEIGHT = 400;
const DOTS_FRAME_HEIGHT = 78;
const DOTS_ROW_HEIGHT = 24;
/** What a letter of a label takes at most, on average: fonts differ, and nothing here can measure them. */
const LETTER_WIDTH = 6.6;
const FONT = 'system-ui, -apple-system, Helvetica Neue, Arial, sans-serif';
const LINE_TYPES = ['solid', 'dashed', 'dotted'] as const;
const SYMBOLS = ['circle', 'emptyCircle', 'emptyDiamond'] as const;

export function draw(chart: Chart): string {
  const shown = { ...chart, series: chart.series.filter(({ points }) => points.length > 0) };
  const height = chart.kind === 'lines' ? LINES_HEIGHT : DOTS_FRAME_HEIGHT + chart.categories.length * DOTS_ROW_HEIGHT;
  const canvas = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  try {
    canvas.setOption(chart.kind === 'lines' ? lines(shown) : dots(shown));
    return finished(canvas.renderToSVGString(), chart.title);
  } finally {
    canvas.dispose();
  }
}

function lines(chart: Chart): echarts.EChartsCoreOption {
  return {
    ...frame(chart),
    grid: { left: 84, right: 24, top: 84, bottom: 56 },
    legend: { top: 34, left: 8, itemWidth: 34, itemGap: 18, icon: undefined, textStyle: text(13) },
    xAxis: { ...category(chart.categories), name: chart.along, nameLocation: 'middle', nameGap: 32 },
    yAxis: { ...values(chart), name: '' },
    series: chart.series.flatMap((series) => [
      whiskers(chart, series, ([at, low, high]) => [at, low, at, high]),
      {
        type: 'line',
        name: nameOf(series),
        silent: true,
        symbol: SYMBOLS[nuance(chart, series)],
        symbolSize: 8,
        lineStyle: { width: 2, type: LINE_TYPES[nuance(chart, series)], color: colourOf(series.contestant).light },
        itemStyle: { color: colourOf(series.contestant).light },
        data: series.points.map(({ at, spread }) => [chart.categories.indexOf(at), spread.median]),
      },
    ]),
  };
}

function dots(chart: Chart): echarts.EChartsCoreOption {
  const longest = Math.max(...chart.categories.map((name) => name.length));
  return {
    ...frame(chart),
    grid: { left: 28 + LETTER_WIDTH * longest, right: 76, top: 44, bottom: 34 },
    xAxis: values(chart),
    yAxis: { ...category(chart.categories), inverse: true },
    series: chart.series.flatMap((series) => [
      whiskers(chart, series, ([at, low, high]) => [low, at, high, at]),
      {
        type: 'scatter',
        name: nameOf(series),
        silent: true,
        symbol: SYMBOLS[nuance(chart, series)],
        symbolSize: 10,
        itemStyle: { color: colourOf(series.contestant).light, opacity: 1 },
        data: series.points.map(({ at, spread }) => [spread.median, chart.categories.indexOf(at)]),
      },
      {
        type: 'scatter',
        silent: true,
        symbolSize: 0,
        itemStyle: { opacity: 1 },
        label: { show: true, position: 'right', distance: 10, ...text(12), formatter: label },
        data: series.points.map(({ at, spread }) => ({
          value: [spread.max, chart.categories.indexOf(at)],
          name: readable(spread.median),
        })),
      },
    ]),
  };
}

function label({ name }: { name: string }): string {
  return name;
}

function frame({ title, unit }: Chart): echarts.EChartsCoreOption {
  return {
    animation: false,
    backgroundColor: chrome.background.light,
    textStyle: { fontFamily: FONT },
    title: { text: `${title} (${unit})`, left: 8, top: 8, textStyle: { ...text(15), fontWeight: 600 } },
  };
}

function text(fontSize: number): { fontSize: number; color: string; fontFamily: string } {
  return { fontSize, color: chrome.text.light, fontFamily: FONT };
}

function category(data: readonly string[]): object {
  const { axisLine, axisTick } = strokes();
  const ticks = { ...axisTick, alignWithLabel: true };
  return { type: 'category', data, axisLabel: { ...text(12), interval: 0 }, axisLine, axisTick: ticks };
}

/** The axis of the values: logarithmic, from the tick below the least to the one above the greatest. */
function values(chart: Chart): object {
  const all = chart.series.flatMap(({ points }) => points.flatMap(({ spread }) => [spread.min, spread.max]));
  const customValues = ticks(all.filter((value) => value > 0));
  const { axisLine, axisTick, splitLine } = strokes();
  return {
    type: 'log',
    min: customValues[0],
    max: customValues.at(-1),
    axisLabel: { ...text(12), formatter: short, customValues },
    axisLine,
    axisTick: { ...axisTick, customValues },
    splitLine,
  };
}

/** Round numbers around all values: powers of ten where these span decades, else 1, 2, 5, 10, … */
function ticks(values: readonly number[]): number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const steps = most / least > 200 ? [1] : [1, 2, 5];
  const all: number[] = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.log10(most) + 1; power++)
    all.push(...steps.map((step) => Number((step * 10 ** power).toPrecision(1))));
  const from = all.findLastIndex((tick) => tick <= least);
  const to = all.findIndex((tick) => tick >= most);
  return all.slice(from, to + 1);
}

function strokes(): Record<'axisLine' | 'axisTick' | 'splitLine', object> {
  const stroke = ({ light }: Colour) => ({ show: true, lineStyle: { color: light } });
  return { axisLine: stroke(chrome.axis), axisTick: stroke(chrome.axis), splitLine: stroke(chrome.grid) };
}

/** From the least run to the greatest, behind the median. `ends` places two ends as x, y, x, y. */
function whiskers(
  chart: Chart,
  { contestant, points }: Series,
  ends: (point: [at: number, low: number, high: number]) => [number, number, number, number],
): object {
  return {
    type: 'custom',
    silent: true,
    data: points.map(({ at, spread }) => ends([chart.categories.indexOf(at), spread.min, spread.max])),
    encode: { x: [0, 2], y: [1, 3] },
    renderItem: (_: unknown, api: { value(dimension: number): number; coord(point: number[]): [number, number] }) => {
      const [x1, y1] = api.coord([api.value(0), api.value(1)]);
      const [x2, y2] = api.coord([api.value(2), api.value(3)]);
      const style = { stroke: colourOf(contestant).light, lineWidth: 5, opacity: 0.28, lineCap: 'round' };
      return { type: 'line', shape: { x1, y1, x2, y2 }, style };
    },
  };
}

function nameOf({ contestant, variant }: Series): string {
  return variant === undefined ? contestant : `${contestant}, ${variant}`;
}

/** Which of its contestant's series this is. */
function nuance(chart: Chart, series: Series): number {
  const own = chart.series.filter(({ contestant }) => contestant === series.contestant);
  return Math.max(0, own.indexOf(series)) % LINE_TYPES.length;
}

function short(value: number): string {
  return value.toLocaleString('en-US', { notation: 'compact', maximumSignificantDigits: 3 });
}

/** Gives the picture a name for those who cannot see it, and its dark colours; leaves out what serves a live chart. */
function finished(svg: string, title: string): string {
  // The inside of an empty symbol is white, in ECharts' own spelling.
  const colours = [...everyColour, { light: '#fff', dark: chrome.background.dark }];
  const rules = colours.map(({ light, dark }) => `[fill="${light}"]{fill:${dark}}[stroke="${light}"]{stroke:${dark}}`);
  const style = `<style>@media (prefers-color-scheme:dark){${rules.join('')}}</style>`;
  const plain = svg
    .replaceAll(/<style\b[\s\S]*?<\/style>\n?/g, '')
    .replaceAll(/ (?:class="zr[^"]*"|pointer-events="[^"]*"|ecmeta_\w+="[^"]*")/g, '')
    .replaceAll(/zr\d+-/g, '');
  return `${plain.replace('>', ` role="img" aria-label="${title}">\n${style}`)}\n`;
}
