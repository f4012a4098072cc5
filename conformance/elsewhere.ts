/**
 * What Django refused on one database because that database (or the version of it that was recorded) cannot do it, and gave
 * a result for on another: where babik can do it, the other database's result is what it has to be.
 */
import type { AppSpec, CaseSpec } from "./format.js";

const REFUSALS: ReadonlySet<string> = new Set(["NotSupportedError", "DatabaseError"]);

/** True for a case whose recorded outcome is that the database cannot do it. */
export function isRefusal(spec: CaseSpec): boolean {
  return spec.result.kind === "error" && REFUSALS.has(String(spec.result["type"]));
}

/** For each refusal, the same operation with a result, where one was recorded. */
export function resultsElsewhere(app: AppSpec): ReadonlyMap<CaseSpec, CaseSpec> {
  const key = ({ state, root, chain, op, env }: CaseSpec): string => JSON.stringify([state, root, chain, op, env]);
  const results = new Map<string, CaseSpec>();
  for (const spec of app.cases) if (spec.result.kind !== "error") results.set(key(spec), spec);
  const out = new Map<CaseSpec, CaseSpec>();
  for (const spec of app.cases) {
    const other = isRefusal(spec) ? results.get(key(spec)) : undefined;
    if (other !== undefined) out.set(spec, other);
  }
  return out;
}
