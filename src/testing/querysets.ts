/** Comparing the rows of a queryset with what they should be. */
import { isDeepStrictEqual } from "node:util";
import { isInstance } from "../ast/slots.js";
import { ownOptions } from "../base/options.js";
import { BabikError, ValueError } from "../base/errors.js";

/** A queryset, or rows that are there already. */
export type RowsToCompare<R> = PromiseLike<Iterable<R>> | Iterable<R>;

export interface QuerySetEqualOptions<R> {
  /** Made of each row before it is compared: `(book) => book.title`. */
  readonly transform?: ((row: R) => unknown) | undefined;
  /** With `false` the order does not matter. */
  readonly ordered?: boolean | undefined;
}

/**
 * Fails when the rows of a queryset are not those of `expected`. Instances are equal when they are the same row; everything else by
 * its value.
 * @throws BabikError `testing.rows`, with `actual` and `expected`; ValueError where several rows are compared in order and the
 * queryset has none
 * @example await assertQuerySetEqual(Book.objects.orderBy("title"), ["Atlas", "Botany"], { transform: (b) => b.title });
 * Django: https://docs.djangoproject.com/en/stable/topics/testing/tools/#django.test.TransactionTestCase.assertQuerySetEqual
 */
export async function assertQuerySetEqual<R>(
  queryset: RowsToCompare<R>,
  expected: Iterable<unknown> | PromiseLike<Iterable<unknown>>,
  options: QuerySetEqualOptions<R> = {},
): Promise<void> {
  const { transform, ordered = true } = ownOptions(options);
  const rows = [...(await queryset)];
  const actual: unknown[] = transform === undefined ? rows : rows.map((row) => transform(row));
  const wanted = [...(await expected)];
  if (ordered && wanted.length > 1 && (queryset as { readonly ordered?: unknown }).ordered === false)
    throw new ValueError(
      "Several rows of a queryset without an order are compared in order. Give it one with orderBy(), or compare with { ordered: false }.",
      "testing.unordered",
    );
  const equal = ordered
    ? actual.length === wanted.length && actual.every((value, i) => same(value, wanted[i]))
    : sameInAnyOrder(actual, wanted);
  if (equal) return;
  // Test runners show the difference of these two.
  throw Object.assign(
    new BabikError(
      `The rows are not those that were expected: ${actual.length} there, ${wanted.length} expected${ordered ? "" : ", in any order"}.`,
      "testing.rows",
    ),
    { actual, expected: wanted },
  );
}

function same(a: unknown, b: unknown): boolean {
  if (isInstance(a) && isInstance(b)) return (a as unknown as { equals(other: unknown): boolean }).equals(b);
  return isDeepStrictEqual(a, b);
}

function sameInAnyOrder(actual: readonly unknown[], wanted: readonly unknown[]): boolean {
  const rest = [...actual];
  for (const value of wanted) {
    const at = rest.findIndex((other) => same(other, value));
    if (at < 0) return false;
    rest.splice(at, 1);
  }
  return rest.length === 0;
}
