/**
 * Properties as expectations: a counter-example is shown with its seed.
 */
import fc from "fast-check";
import { expect } from "vitest";

/** Expects that the property holds for all generated values. */
export function holds<T>(property: fc.IProperty<T>, numRuns = 300): void {
  const result = fc.check(property, { numRuns });
  expect(result.failed ? fc.defaultReportMessage(result) : null).toBeNull();
}

/** The same for properties that wait. */
export async function holdsAsync<T>(property: fc.IAsyncProperty<T>, numRuns = 100): Promise<void> {
  const result = await fc.check(property, { numRuns });
  expect(result.failed ? fc.defaultReportMessage(result) : null).toBeNull();
}
