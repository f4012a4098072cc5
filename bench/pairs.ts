/**
 * Timing by paired rounds: the candidates take turns within one run, so that a machine whose speed changes meanwhile
 * changes it for all of them. What is compared are ratios within a round, never times of different rounds. Rounds are
 * short and many: an interruption then spoils one of them and not the median.
 */

/** One way to do the work; it may answer at once or by a promise. */
export type Candidate = (turn: number) => unknown;
/** What came out for one candidate. */
export interface Timed {
  readonly name: string;
  /** Median time of one call, in microseconds. */
  readonly micros: number;
  /** Median of the ratios to the first candidate of the same round. */
  readonly ratio: number;
  /** The middle half of those ratios. */
  readonly spread: readonly [number, number];
}

const WARM_UP = 10;

/** Value below which the share `part` of the values lies. */
function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
}

/** A clock, in microseconds. */
export type Clock = () => number;
/** The time on the wall. */
export const wall: Clock = () => Number(process.hrtime.bigint()) / 1000;
/** What this process used of the processors: steadier where others use them too, blind to the time of a server. */
export const processor: Clock = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

async function measure(work: Candidate, calls: number, clock: Clock): Promise<number> {
  const start = clock();
  for (let i = 0; i < calls; i++) {
    const result = work(i);
    // A driver that answers at once is not charged for an await it does not need.
    if (result !== null && typeof result === "object" && "then" in result) await result;
  }
  return (clock() - start) / calls;
}

/** Runs the candidates in turns: `rounds` rounds of `calls` calls each, after some that do not count. */
export async function pairs(
  candidates: Readonly<Record<string, Candidate>>,
  calls: number,
  rounds: number,
  clock: Clock,
): Promise<Timed[]> {
  const names = Object.keys(candidates);
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  // Until everything is compiled.
  for (let i = 0; i < WARM_UP; i++) for (const name of names) await measure(candidates[name]!, calls, clock);
  for (let round = 0; round < rounds; round++)
    for (const name of names) times.get(name)!.push(await measure(candidates[name]!, calls, clock));
  const base = times.get(names[0]!)!;
  return names.map((name) => {
    const own = times.get(name)!;
    const ratios = own.map((time, i) => time / base[i]!);
    return {
      name,
      micros: quantile(own, 0.5),
      ratio: quantile(ratios, 0.5),
      spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    };
  });
}
