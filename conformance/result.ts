/**
 * Is an outcome the recorded one? Compares results and errors as the recording's README says. It must not know how an
 * operation is carried out.
 */
import { compareLists, difference, show } from "./compare.js";
import { firstLine, isNotSupported, standsFor } from "./errors.js";
import { isObject, listOf, type CaseSpec, type Json, type JsonObject } from "./format.js";
import { isIndexError } from "./operation.js";

/** Operations that make or save objects: the recording does not say what is cached on these. */
const SAVING: ReadonlySet<string> = new Set([
  "create",
  "save",
  "bulk_create",
  "get_or_create",
  "update_or_create",
  "refresh_from_db",
]);

/** How a case ended. `unsupported` is babik saying that this database cannot do it; it has not passed. */
export type Status = "passed" | "failed" | "unsupported";
/** A verdict and, unless passed, why. */
export interface Verdict {
  readonly status: Status;
  readonly message?: string;
}

const PASSED: Verdict = { status: "passed" };
const failed = (message: string): Verdict => ({ status: "failed", message });

/** Judges an error that the operation threw. */
export function judgeError(spec: CaseSpec, error: unknown): Verdict {
  const expected = spec.result;
  if (expected.kind === "error") {
    const names = isIndexError(error) ? ["IndexError"] : standsFor(error);
    if (names.includes(String(expected["type"]))) return PASSED;
    return failed(`expected ${String(expected["type"])}, got ${firstLine(error)}`);
  }
  return { status: isNotSupported(error) ? "unsupported" : "failed", message: firstLine(error) };
}

/** Turns recorded values of an instance into the form that babik's fields give them. */
export type Canonical = (item: Json) => Json;

/**
 * Judges the value that the operation gave. Python leaves an assigned value as it is, babik turns it into the field's own
 * (a Decimal for the integer 10): for objects that were made or saved, the recorded value in that form is right as well.
 */
export function judgeResult(
  spec: CaseSpec,
  actual: JsonObject & { readonly kind: string },
  canonical: Canonical = (item) => item,
): Verdict {
  const verdict = judgeExactly(spec, actual);
  if (verdict.status === "passed" || !SAVING.has(spec.op.name)) return verdict;
  const { item, items } = spec.result;
  const result = {
    ...spec.result,
    ...(item === undefined ? {} : { item: canonical(item) }),
    ...(items === undefined ? {} : { items: listOf(items).map(canonical) }),
  };
  return judgeExactly({ ...spec, result }, actual).status === "passed" ? PASSED : verdict;
}

function judgeExactly(spec: CaseSpec, actual: JsonObject & { readonly kind: string }): Verdict {
  const expected = spec.result;
  if (expected.kind === "error")
    return failed(
      `expected ${String(expected["type"])}, got ${actual.kind} ${show((actual["value"] ?? null) as Json, 80)}`,
    );
  const found = resultDifference(spec, expected, actual);
  return found === undefined ? PASSED : failed(found);
}

function resultDifference(
  spec: CaseSpec,
  expected: JsonObject & { readonly kind: string },
  actual: JsonObject,
): string | undefined {
  if (expected.kind !== actual["kind"])
    return `expected ${expected.kind}, got ${String(actual["kind"])} ${show((actual["value"] ?? null) as Json)}`;
  const saving = SAVING.has(spec.op.name);
  if (Object.hasOwn(expected, "items")) {
    const ordered = spec.ordered && expected.kind !== "in_bulk";
    const wanted = listOf(expected["items"]);
    const items = listOf(actual["items"]).map((item, index) => (saving ? withoutExtras(wanted[index], item) : item));
    return compareLists(wanted, items, "items", ordered);
  }
  for (const key of ["item", "created", "value", "total", "by_model"]) {
    if (!Object.hasOwn(expected, key) && !Object.hasOwn(actual, key)) continue;
    const got = (actual[key] ?? null) as Json;
    const want = (expected[key] ?? null) as Json;
    const found = difference(want, saving && key === "item" ? withoutExtras(want, got) : got, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What the recording leaves out for objects that the operation made or saved. */
function withoutExtras(expected: Json | undefined, actual: Json): Json {
  if (!isObject(actual) || (isObject(expected) && Object.hasOwn(expected, "cached"))) return actual;
  const { cached: _cached, ...rest } = actual;
  return rest;
}
