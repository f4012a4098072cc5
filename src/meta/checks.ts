/**
 * All checks of definitions at once: fields, relations, models, constraints, and names that several models share. Pure: models
 * and dialects come in, messages go out. Ids are Django's, so that its documentation of checks applies.
 */
import type { DialectInfo } from "../ast/seams.js";
import type { CheckMessage } from "../fields/field.js";
import { ForeignObject, ManyToManyField } from "../fields/relations.js";
import { checkConstraints, checkedIndexName } from "./checks-constraints.js";
import { checkModel, type KnowsLookup } from "./checks-models.js";
import { isGeneric } from "../fields/generic.js";
import { checkGeneric } from "./checks-generic.js";
import { checkDoubleThroughs, checkRelation, type Report } from "./checks-relations.js";
import { isConstraint } from "./constraints.js";
import { isIndex } from "./indexes.js";
import type { ModelMeta } from "./options.js";

/** What checks may be told besides the models. */
export interface CheckOptions {
  /** Whether a name after a field in a path is a transform or lookup; without it every name after a plain column passes. */
  readonly knowsLookup?: KnowsLookup;
}

/**
 * Every mistake in the definitions, none thrown.
 * @param metas all models of an orm
 * @param unresolved what the registry found while it resolved labels
 * @param dialects the databases the models will stand in; warnings of what they lack come only with them
 * @example runChecks(registry.models.values(), registry.problems, [dialect])
 * Django: https://docs.djangoproject.com/en/stable/ref/checks/
 */
export function runChecks(
  metas: Iterable<ModelMeta>,
  unresolved: readonly CheckMessage[] = [],
  dialects: readonly DialectInfo[] = [],
  options: CheckOptions = {},
): CheckMessage[] {
  const all = [...metas];
  const out: CheckMessage[] = [];
  const seen = new Set<string>();
  const add = (m: CheckMessage): void => {
    // The registry has met some of these already, in other words.
    const key = `${m.id}|${m.object}|${reported.has(`${m.id}|${m.object}`) ? "" : m.message}`;
    if (seen.has(key)) return;
    seen.add(key);
    out.push(m);
  };
  const reported = new Set(unresolved.map((m) => `${m.id}|${m.object}`));
  const report: Report = (level, id, object, message, hint) => add({ id, level, object, message, hint });
  for (const m of unresolved) add(m);
  for (const meta of all) {
    if (meta.autoCreated !== null || meta.swapped) continue;
    const here = dialects.filter((d) => isFor(meta, d));
    if (!meta.proxy) {
      for (const field of meta.localFields) {
        for (const m of field.check(here)) add(m);
        if (field instanceof ForeignObject || field instanceof ManyToManyField)
          checkRelation(meta, field, here, report);
        else if (isGeneric(field)) checkGeneric(meta, field, report);
      }
      checkDoubleThroughs(meta, report);
    }
    checkModel(meta, here, report, options.knowsLookup ?? ((field) => !field.isRelation));
    if (!meta.proxy || meta.options.indexes !== undefined || meta.options.constraints !== undefined)
      checkConstraints(meta, here, report);
  }
  checkShared(all, report);
  return out;
}

/** Whether a model is meant for a database at all. */
function isFor(meta: ModelMeta, dialect: DialectInfo): boolean {
  const vendor = meta.options.requiredDbVendor;
  if (vendor === undefined) return true;
  const name = vendor.toLowerCase();
  return dialect.name === "postgres"
    ? name.startsWith("postgres")
    : dialect.name === "mysql"
      ? name === "mysql" || name === "mariadb"
      : name === "sqlite";
}

/** Tables, indexes and constraints that several models name alike. */
function checkShared(metas: readonly ModelMeta[], report: Report): void {
  const tables = new Map<string, ModelMeta[]>();
  const indexes = new Map<string, ModelMeta[]>();
  const constraints = new Map<string, ModelMeta[]>();
  const note = (map: Map<string, ModelMeta[]>, name: string, meta: ModelMeta): void => {
    const list = map.get(name);
    if (list === undefined) map.set(name, [meta]);
    else list.push(meta);
  };
  for (const meta of metas) {
    if (meta.swapped) continue;
    if (meta.managed && !meta.proxy) note(tables, meta.dbTable, meta);
    for (const i of meta.indexes) if (isIndex(i)) note(indexes, checkedIndexName(meta, i), meta);
    for (const c of meta.constraints) if (isConstraint(c)) note(constraints, c.nameFor(meta), meta);
  }
  for (const [table, list] of tables) checkTable(table, list, report);
  checkNames(indexes, "index", "models.E029", "models.E030", report);
  checkNames(constraints, "constraint", "models.E031", "models.E032", report);
}
function checkTable(table: string, list: readonly ModelMeta[], report: Report): void {
  if (list.length < 2) return;
  const through = list.find((m) => m.autoCreated !== null);
  if (through === undefined) {
    report(
      "error",
      "models.E028",
      table,
      `The table '${table}' is that of several models: ${list.map((m) => m.label).join(", ")}.`,
      "Give each of them a dbTable of its own.",
    );
    return;
  }
  const field = through.autoCreated!.localFields.find((f) => f instanceof ManyToManyField && f.through === through);
  const others = list.filter((m) => m !== through).map((m) => m.label);
  report(
    "error",
    "fields.E340",
    field?.path ?? through.label,
    `The table '${table}' of the field's pairs is also that of ${others.join(", ")}.`,
    "Give the field another dbTable.",
  );
}
function checkNames(
  map: ReadonlyMap<string, readonly ModelMeta[]>,
  what: string,
  same: string,
  several: string,
  report: Report,
): void {
  for (const [name, list] of map) {
    if (list.length < 2) continue;
    const models = new Set(list);
    if (models.size === 1) report("error", same, list[0]!.label, `Two of the model's ${what} names are '${name}'.`);
    else
      report(
        "error",
        several,
        name,
        `The ${what} name '${name}' is used by several models: ${[...models].map((m) => m.label).join(", ")}.`,
      );
  }
}
