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

/** Value below which the share `part` of the values lies. */
function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
}

async function measure(work: Candidate, calls: number): Promise<number> {
  const start = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) {
    const result = work(i);
    // A driver that answers at once is not charged for an await it does not need.
    if (result !== null && typeof result === "object" && "then" in result) await result;
  }
  return Number(process.hrtime.bigint() - start) / 1000 / calls;
}

/** Runs the candidates in turns: `rounds` rounds of `calls` calls each, after one round that does not count. */
export async function pairs(
  candidates: Readonly<Record<string, Candidate>>,
  calls: number,
  rounds: number,
): Promise<Timed[]> {
  const names = Object.keys(candidates);
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  for (const name of names) await measure(candidates[name]!, calls);
  for (let round = 0; round < rounds; round++)
    for (const name of names) times.get(name)!.push(await measure(candidates[name]!, calls));
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
