/** Checks of indexes, constraints and `uniqueTogether`: the names they use, and what a database cannot do. Pure. */
import type { DialectInfo } from "../ast/seams.js";
import { INDEX_NAME_LENGTH } from "../base/names.js";
import { ManyToManyField, ReverseRelation } from "../fields/relations.js";
import { displayName } from "./checks-models.js";
import type { Report } from "./checks-relations.js";
import {
  CheckConstraint,
  ExclusionConstraint,
  isConstraint,
  UniqueConstraint,
  type BaseConstraint,
} from "./constraints.js";
import { containsRaw, pathsOf } from "./expression-paths.js";
import { type Index, isIndex } from "./indexes.js";
import type { ModelMeta } from "./options.js";

/** Checks of everything in Meta that names columns. */
export function checkConstraints(meta: ModelMeta, dialects: readonly DialectInfo[], report: Report): void {
  checkUniqueTogether(meta, report);
  for (const index of meta.indexes) if (isIndex(index)) checkIndex(meta, index, dialects, report);
  for (const c of meta.constraints) if (isConstraint(c)) checkConstraint(meta, c, dialects, report);
}

/** The name of an index, also where a field is missing. */
export function checkedIndexName(meta: ModelMeta, index: Index): string {
  return index.nameFor(meta, (field) => meta.byName.get(field)?.column ?? field);
}

function checkUniqueTogether(meta: ModelMeta, report: Report): void {
  const given: unknown = meta.options.uniqueTogether;
  if (given === undefined) return;
  if (!Array.isArray(given)) {
    report("error", "models.E010", meta.label, "uniqueTogether is a list of lists of names.");
    return;
  }
  for (const group of meta.uniqueTogether as readonly unknown[]) {
    if (!Array.isArray(group))
      report("error", "models.E011", meta.label, "Each member of uniqueTogether is a list of names.");
    else checkNames(meta, group as string[], "uniqueTogether", report);
  }
}

/** The names lead to columns of the model's own table. */
function checkNames(meta: ModelMeta, names: Iterable<string>, option: string, report: Report): void {
  for (const name of new Set(names)) {
    if (name === "pk") continue;
    const field = meta.find(name);
    if (field === undefined)
      report("error", "models.E012", meta.label, `${option} names '${name}', which is no field of ${meta.objectName}.`);
    else if (field instanceof ManyToManyField || field instanceof ReverseRelation)
      report(
        "error",
        "models.E013",
        meta.label,
        `${option} names the relation '${name}', which has no column in the table of ${meta.objectName}.`,
      );
    else if (!meta.localFields.includes(field))
      report(
        "error",
        "models.E016",
        meta.label,
        `${option} names '${name}', which stands in another table than ${meta.objectName}.`,
        "With multi-table inheritance a field stands in the table of the model that declares it.",
      );
  }
}

function keyPaths(expressions: readonly unknown[]): string[] {
  return expressions.flatMap((e) => (typeof e === "string" ? [e.replace(/^-/, "")] : pathsOf(e)));
}
/** First parts of paths; a path that walks to another table is reported. */
function localNames(meta: ModelMeta, paths: readonly string[], option: string, report: Report): string[] {
  return paths.map((path) => {
    const [first, next] = path.split("__") as [string, string | undefined];
    const field = first === "pk" ? meta.pk : meta.find(first);
    if (next !== undefined && field !== undefined && "related" in field && !(field instanceof ManyToManyField)) {
      const target = field.related as ModelMeta | undefined;
      if (target !== undefined && (next === "pk" || target.find(next) !== undefined))
        report("error", "models.E041", meta.label, `${option} reads '${path}', which is a column of another table.`);
    }
    return first;
  });
}

function checkIndex(meta: ModelMeta, index: Index, dialects: readonly DialectInfo[], report: Report): void {
  const name = checkedIndexName(meta, index);
  if (/^[_0-9]/.test(name))
    report("error", "models.E033", meta.label, `The name '${name}' of an index begins with an underscore or a digit.`);
  // The longer endings of PostgreSQL's access methods are allowed for.
  const max = INDEX_NAME_LENGTH - 3 + index.suffix.length;
  if (name.length > max)
    report("error", "models.E034", meta.label, `The name '${name}' of an index is longer than ${max} characters.`);
  for (const d of dialects) {
    const what = (id: string, lacking: string, then: string): void =>
      report("warning", id, meta.label, `${displayName(d)} has no indexes ${lacking}.`, then);
    if (index.condition !== null && !d.features.partialIndexes)
      what("models.W037", "with conditions", `The condition of '${name}' is left out.`);
    if (index.include.length > 0 && !d.features.coveringIndexes)
      what("models.W040", "with columns that are no keys", `The columns that '${name}' includes are left out.`);
    if (index.expressions.length > 0 && !d.features.expressionIndexes)
      what("models.W043", "over expressions", `The index '${name}' is not made.`);
  }
  const paths = [...keyPaths(index.expressions), ...pathsOf(index.condition)];
  checkNames(
    meta,
    [...index.fieldOrders.map(([f]) => f), ...index.include, ...localNames(meta, paths, "indexes", report)],
    "indexes",
    report,
  );
}

function checkConstraint(meta: ModelMeta, c: BaseConstraint, dialects: readonly DialectInfo[], report: Report): void {
  const name = c.nameFor(meta);
  if (c instanceof UniqueConstraint) {
    checkUnique(meta, c, name, dialects, report);
    const paths = [...keyPaths(c.expressions), ...pathsOf(c.condition)];
    checkNames(
      meta,
      [...c.fields, ...c.include, ...localNames(meta, paths, "constraints", report)],
      "constraints",
      report,
    );
  } else if (c instanceof CheckConstraint) {
    if (containsRaw(c.condition))
      report(
        "warning",
        "models.W045",
        meta.label,
        `The constraint '${name}' holds RawSQL(), so fullClean() cannot check it.`,
      );
    checkNames(meta, localNames(meta, pathsOf(c.condition), "constraints", report), "constraints", report);
  } else if (c instanceof ExclusionConstraint) {
    const paths = [...keyPaths(c.expressions.map(([e]) => e)), ...pathsOf(c.condition)];
    checkNames(meta, [...c.include, ...localNames(meta, paths, "constraints", report)], "constraints", report);
  }
}
function checkUnique(
  meta: ModelMeta,
  c: UniqueConstraint,
  name: string,
  dialects: readonly DialectInfo[],
  report: Report,
): void {
  for (const d of dialects) {
    const { features } = d;
    const lacks = (id: string, lacking: string): void =>
      report(
        "warning",
        id,
        meta.label,
        `${displayName(d)} has no unique constraints ${lacking}.`,
        `The constraint '${name}' is not made.`,
      );
    if (c.condition !== null && !features.partialIndexes) lacks("models.W036", "with conditions");
    if (c.deferrable !== null && (!features.deferrableConstraints || d.name === "sqlite"))
      lacks("models.W038", "that can be deferred");
    if (c.include.length > 0 && !features.coveringIndexes) lacks("models.W039", "with columns that are no keys");
    if (c.expressions.length > 0 && !features.expressionIndexes) lacks("models.W044", "over expressions");
    if (c.nullsDistinct !== null && !features.nullsDistinct)
      lacks("models.W047", "that say whether NULLs are distinct");
  }
}
