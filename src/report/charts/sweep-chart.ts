import type { ChartConfiguration, Plugin } from 'chart.js';
import type { Comparison } from '../../domain/comparison.js';
import { plainLine } from '../plain-text.js';
import { FONT_FAMILY } from './frame.js';
import { FONT_PX, PALETTE } from './palette.js';

/** White ground: a transparent picture is unreadable in a dark ticket system. */
const paper: Plugin = {
  id: 'paper',
  beforeDraw({ ctx, width, height }) {
    ctx.save();
    ctx.fillStyle = PALETTE.paper;
    ctx.fillRect(0, 0, width, height);
    ctx.restore();
  },
};

/** Symmetric logarithm: 0 stays 0 and is seen, thousands stay on the paper. */
export const symlog = (n: number): number => Math.log10(1 + n);

/** Failed requests per run as bars, deploy time as a line, one column per variant. */
export function sweepChart(comparison: Comparison): ChartConfiguration<'bar' | 'line', (number | null)[]> {
  const font = { family: FONT_FAMILY, size: FONT_PX.text };
  const { rows } = comparison;
  const label = (standing: string, text: string): string => (standing === 'proven' ? `${text} ✓` : text);
  return {
    type: 'bar',
    data: {
      labels: rows.map((r) => plainLine(label(r.standing, r.variant.label), 32)),
      datasets: [
        {
          type: 'line',
          label: 'deploy time, s (median)',
          data: rows.map((r) => (r.deployMs === null ? null : r.deployMs / 1000)),
          borderColor: PALETTE.ok,
          backgroundColor: PALETTE.ok,
          yAxisID: 'time',
          pointRadius: 4,
        },
        {
          type: 'bar',
          label: 'failed requests in the worst run',
          data: rows.map((r) => symlog(r.failedMax)),
          backgroundColor: PALETTE.failed,
          yAxisID: 'failed',
          barPercentage: 0.4,
        },
      ],
    },
    options: {
      animation: false,
      responsive: false,
      devicePixelRatio: 2,
      font,
      scales: {
        x: { ticks: { font, color: PALETTE.ink }, grid: { display: false } },
        failed: {
          position: 'left',
          min: 0,
          suggestedMax: 1,
          ticks: {
            font,
            color: PALETTE.muted,
            callback: (v) => String(Math.round(10 ** Number(v) - 1)),
          },
          title: { display: true, text: 'failed requests', font, color: PALETTE.muted },
          grid: { color: PALETTE.grid },
        },
        time: {
          position: 'right',
          min: 0,
          ticks: { font, color: PALETTE.muted },
          title: { display: true, text: 'deploy time, s', font, color: PALETTE.muted },
          grid: { display: false },
        },
      },
      plugins: {
        title: {
          display: true,
          text: `${plainLine(comparison.name, 60)} · failures and deploy time`,
          align: 'start',
          color: PALETTE.ink,
          font: { family: FONT_FAMILY, size: FONT_PX.title, weight: 'bold' },
        },
        legend: { position: 'bottom', labels: { font, color: PALETTE.ink } },
      },
    },
    plugins: [paper],
  };
}
