/** Random conditions: filter(p), exclude(p) and the rows where p is unknown are all rows, and each part is the right one. */
import { Case, Value, When } from "babik";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { testDatabase } from "../../support/database.js";
import {
  holds,
  joined,
  multipleLeaves,
  positiveTrees,
  relationsOf,
  singleTrees,
  toQ,
  type Tree,
  usesXor,
} from "../../support/depot/conditions.js";
import { everything, openDepot, Ware, wares } from "../../support/depot/models.js";
import { options, patience, runs, seed } from "../../support/depot/runs.js";

const orm = await openDepot((await testDatabase()).url);
afterAll(() => orm.close());

const pks = async (qs: { orderBy(name: "pk"): unknown }): Promise<number[]> =>
  (await (qs.orderBy("pk") as typeof Ware.objects).valuesList("pk", { flat: true })).map(Number);
const filtered = (t: Tree): Promise<number[]> => pks(Ware.objects.filter(toQ(t) as never));
const excluded = (t: Tree): Promise<number[]> => pks(Ware.objects.exclude(toQ(t) as never));
/** For each row, by the database: the condition is true, its negation is, or neither. */
async function parts(t: Tree): Promise<Map<string, number[]>> {
  const q = toQ(t);
  const part = Case(When(q as never, { then: Value("true") }), When(q.not() as never, { then: Value("false") }), {
    default: Value("unknown"),
  });
  const out = new Map<string, number[]>([
    ["true", []],
    ["false", []],
    ["unknown", []],
  ]);
  for (const [pk, name] of (await Ware.objects.annotate({ part }).orderBy("pk").valuesList("pk", "part")) as [
    number,
    string,
  ][])
    out.get(name)!.push(Number(pk));
  return out;
}
const show = (t: Tree): string => JSON.stringify(t);
const unique = (list: readonly number[]): number[] => [...new Set(list)].sort((a, b) => a - b);

test(
  `filter(p), exclude(p) and the rows where p is unknown are the whole set, each row where it belongs (seed ${seed})`,
  patience,
  async () => {
    let unknowns = 0;
    await fc.assert(
      fc.asyncProperty(singleTrees, async (t) => {
        const same = (what: string, got: unknown, want: unknown): void =>
          expect([show(t), what, got]).toEqual([show(t), what, want]);
        const yes = await filtered(t),
          no = await excluded(t),
          by = await parts(t);
        const means = (p: Tree): number[] =>
          wares.filter((w) => holds(w, p, false) === true).map((w) => Number(w["id"]));
        same("filter()", yes, means(t));
        same("exclude()", no, means({ op: "not", of: [t] }));
        same("filter(not)", await pks(Ware.objects.filter(toQ(t).not() as never)), no);
        same("where it is true", by.get("true"), yes);
        same("all of them", unique([...yes, ...no, ...by.get("unknown")!]), everything);
        if (by.get("unknown")!.length > 0) unknowns++;
        // With XOR and unknown parts a row can be on both sides, as in Django: what is unknown is not true on either.
        if (usesXor(t)) return;
        same(
          "each once",
          [...yes, ...no, ...by.get("unknown")!].sort((a, b) => a - b),
          everything,
        );
        same("where it is false", by.get("false"), no);
      }),
      options,
    );
    // The generator reaches the third part.
    if (runs >= 200) expect(unknowns).toBeGreaterThan(runs / 50);
  },
);

test(`a comparison over several rows, and its negation, are the whole set (seed ${seed})`, patience, async () => {
  await fc.assert(
    fc.asyncProperty(multipleLeaves, async (t) => {
      const yes = unique(await filtered(t)),
        no = await excluded(t);
      expect([show(t), [...yes, ...no].sort((a, b) => a - b)]).toEqual([show(t), everything]);
    }),
    { ...options, numRuns: Math.ceil(runs / 2) },
  );
});

test(`conditions over several rows give a row for each of their combinations (seed ${seed})`, patience, async () => {
  let several = 0;
  await fc.assert(
    fc.asyncProperty(positiveTrees, async (t) => {
      if (new Set(relationsOf(t)).size > 1) several++;
      expect([show(t), await filtered(t)]).toEqual([show(t), joined(t)]);
    }),
    options,
  );
  if (runs >= 200) expect(several).toBeGreaterThan(runs / 50);
});
