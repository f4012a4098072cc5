/**
 * Which recorded models hold integers that no JavaScript number can: babik reads integer fields as `number` unless they
 * say `bigint: true`, so the models whose recorded values pass 2^53 are declared so, as a user would have to.
 */
import { isObject, type AppSpec, type Json } from "./format.js";

/** Fields with the option `bigint`; those of 64 bits are bigint without it. */
export const INTEGER_FIELDS: ReadonlySet<string> = new Set([
  "AutoField",
  "BigAutoField",
  "IntegerField",
  "PositiveIntegerField",
  "PositiveSmallIntegerField",
  "SmallAutoField",
  "SmallIntegerField",
]);

/** Labels of the models with such integers in their rows, or in an operation that starts at them. */
export function wideModels(app: AppSpec): ReadonlySet<string> {
  const out = new Set<string>();
  for (const table of Object.values(app.tables)) if (isWide(table.rows)) out.add(table.model);
  for (const spec of app.cases) {
    const label = rootLabel(spec.root);
    if (label !== undefined && isWide([spec.root, spec.op as unknown as Json, spec.chain as Json])) out.add(label);
  }
  return out;
}

function rootLabel(root: Json): string | undefined {
  if (!isObject(root)) return undefined;
  if (typeof root["model"] === "string") return root["model"];
  for (const inner of [root["instance"], root["$new"], root["$obj"]]) {
    const label = inner === undefined ? undefined : rootLabel(inner);
    if (label !== undefined) return label;
  }
  return undefined;
}

function isWide(value: Json): boolean {
  if (Array.isArray(value)) return (value as readonly Json[]).some(isWide);
  if (!isObject(value)) return false;
  return Object.hasOwn(value, "$int") || Object.values(value).some(isWide);
}
