/** The table on screen, a case at a time. */
import pc from "picocolors";
import { nameOf, cases, short } from "./cases.ts";
import {
  aboutLines,
  type BackendReport,
  type CaseReport,
  type PeerMeasured,
  type PeerReport,
  type Report,
} from "./report.ts";

/** One line of the table by column; what is missing stays empty. */
type Line = { readonly [title: string]: string | undefined };

interface Column {
  readonly title: string;
  readonly width: number;
  readonly left?: boolean;
}

const columns: readonly Column[] = [
  { title: "case", width: Math.max(...cases.map((one) => nameOf(one).length)), left: true },
  { title: "by", width: 23, left: true },
  { title: "rows", width: 6 },
  { title: "runs", width: 4 },
  { title: "ms", width: 9 },
  { title: "×", width: 7 },
  { title: "min–max", width: 16 },
  { title: "upload", width: 8 },
  { title: "kernel", width: 9 },
  { title: "readback", width: 8 },
  { title: "referee", width: 7 },
  { title: "Mrows/s", width: 8 },
  { title: "floor/measured", width: 14 },
  { title: "bound by", width: 8 },
];

/** What was measured, on what, and how the columns are to be read. */
export function heading(report: Report): string {
  const { quick, peers } = report;
  const about = [
    aboutLines(report),
    peers.map(({ library, version, python }) => `${library} ${version}${python ? ` (Python ${python})` : ""}`),
    ["Milliseconds, medians of warm passes over those rows; upload is of the first."],
    ...(peers.length > 0
      ? [
          [
            "×: our rows a second over a peer's, above 1 ours is faster: those of the cpu backend, or, of a peer on WebGPU, those of",
          ],
          ["the webgpu backend on the same adapter. autograd is PyTorch, a row and label at a time."],
        ]
      : []),
    [
      "floor/measured: the least time for the bytes, multiply-adds (fma) or exponentials (exp) of the work, whichever is",
    ],
    [
      "longest at the backend's own best rate, over the kernel and bringing in what it reads, which a cpu does side by side;",
    ],
    ["1 is as fast as can be."],
    ...(quick ? [[pc.yellow("--quick: few of the rows. A smoke run, not a measurement.")]] : []),
  ];
  const titles = Object.fromEntries(columns.map(({ title }) => [title, title]));
  return [...about.flat(), "", pc.bold(format(titles))].join("\n");
}

/** The lines of one case: ours, then the peers'. */
export function linesOf({ name, rows, results, peers, judged, k }: CaseReport): string {
  const lines = [...results.map(backendLine), ...peers.map((peer) => peerLine(peer, rows, results))];
  if (k === undefined && judged < rows) lines[0].note += ` judged on ${judged} of ${short(rows)} rows`;
  return lines
    .map(({ line, note }, i) => `${format({ case: i === 0 ? name : "", ...line })}  ${note}`.trimEnd())
    .join("\n");
}

const boundBy = { bytes: "bytes", multiplyAdds: "fma", exps: "exp" };

function backendLine(result: BackendReport): { line: Line; note: string } {
  const by = result.software ? `${result.backend} (software)` : result.backend;
  if ("wrong" in result) return { line: { by }, note: pc.red(`WRONG, not timed: ${firstLine(result.wrong)}`) };
  const stages = {
    upload: stage(result.upload),
    kernel: stage(result.kernel),
    readback: stage(result.readback),
    referee: stage(result.referee),
    "floor/measured": share(result.floorOverMeasured),
    "bound by": boundBy[result.floor.boundBy],
  };
  const note = result.memory === undefined ? "" : `${Math.ceil(result.memory / 1e6)} MB beyond the rows`;
  return { line: { by, ...times(result), ...stages }, note };
}

function peerLine(peer: PeerReport, rows: number, results: readonly BackendReport[]): { line: Line; note: string } {
  if ("fault" in peer) return { line: { by: peer.library }, note: pc.yellow(`no ratio: ${firstLine(peer.fault)}`) };
  const by = peer.threads === null ? peer.library : `${peer.library} (${peer.threads} thr)`;
  const ratios = results.flatMap((result) => ("ratios" in result ? [result.ratios[peer.library] ?? []].flat() : []));
  const all = (peer.warm.median / peer.rows) * rows;
  const note = peer.rows < rows ? `scaled, ${short(rows)} rows take ${all.toPrecision(2)} s` : "";
  return { line: { by, "×": ratios.map(share).join(" "), ...times(peer) }, note };
}

function times({ warm, rows, runs }: Pick<PeerMeasured, "warm" | "rows" | "runs">): Line {
  return {
    rows: short(rows),
    runs: String(runs),
    ms: ms(warm.median),
    "min–max": `${ms(warm.min)}–${ms(warm.max)}`,
    "Mrows/s": megarows(rows / warm.median / 1e6),
  };
}

const firstLine = (text: string): string => text.split("\n", 1)[0];

/** A stage that did not happen stays empty. */
const stage = (seconds: number): string => (seconds === 0 ? "" : ms(seconds));

const share = (value: number): string => value.toFixed(value < 0.1 ? 4 : 2);

const megarows = (value: number): string => value.toFixed(value < 0.1 ? 5 : 2);

const ms = (seconds: number): string => (seconds * 1000).toFixed(seconds < 0.01 ? 2 : seconds < 1 ? 1 : 0);

function format(line: Line): string {
  const cells = columns.map((column) => {
    const text = line[column.title] ?? "";
    return column.left ? text.padEnd(column.width) : text.padStart(column.width);
  });
  return cells.join("  ").trimEnd();
}
