/** Checks of a model by itself: names, clashes of fields and columns, keys, ordering. Pure. */
import type { DialectInfo } from "../ast/seams.js";
import { isInstanceMember } from "../base/reserved.js";
import type { Field } from "../fields/field.js";
import { CompositePrimaryKey, GeneratedField } from "../fields/generated.js";
import { ForeignKey, ForeignObject, ManyToManyField } from "../fields/relations.js";
import type { Report } from "./checks-relations.js";
import type { MetaField, ModelMeta } from "./options.js";

/** All checks of a model by itself. `knows` tells transforms and lookups of a field by name. */
export function checkModel(
  meta: ModelMeta,
  dialects: readonly DialectInfo[],
  report: Report,
  knows: KnowsLookup,
): void {
  checkName(meta, report);
  if (!meta.proxy) {
    checkReserved(meta, report);
    checkKeys(meta, report);
    checkFieldClashes(meta, report);
    checkColumns(meta, report);
    checkLengths(meta, dialects, report);
    checkFeatures(meta, dialects, report);
  }
  checkOrdering(meta, report, knows);
}

/** Whether a name after a field in a path is a transform or lookup of it. */
export type KnowsLookup = (field: Field, name: string) => boolean;

function checkName(meta: ModelMeta, report: Report): void {
  const name = meta.objectName;
  if (name.startsWith("_") || name.endsWith("_"))
    report(
      "error",
      "models.E023",
      meta.label,
      `The name '${name}' begins or ends with an underscore, which would not be told apart in paths.`,
    );
  else if (name.includes("__"))
    report(
      "error",
      "models.E024",
      meta.label,
      `The name '${name}' has '__' in it, which separates the parts of a path.`,
    );
}

// Django refuses 'pk' under this id; in JavaScript a value on the instance hides its methods, and changes what the object is.
function checkReserved(meta: ModelMeta, report: Report): void {
  for (const f of meta.localFields) {
    const name = [f.name, f.attname].find(isInstanceMember);
    // The check of fields has told of 'pk', which a composite key is called.
    if (name !== undefined && name !== "pk")
      report(
        "error",
        "fields.E003",
        f.path,
        `'${name}' is a reserved word that cannot be used as a field name: every instance has it as a member.`,
        `Rename the field; dbColumn: "${f.column ?? name}" keeps its column.`,
      );
  }
}

// ---- keys -------------------------------------------------------------------------------------------------------
function checkKeys(meta: ModelMeta, report: Report): void {
  const id = meta.localFields.find((f) => f.name === "id");
  if (id !== undefined && !id.primaryKey && !meta.hasCompositePk)
    report(
      "error",
      "models.E004",
      meta.label,
      "A field can be named 'id' only where it is the primary key.",
      "Set primaryKey: true, or rename the field.",
    );
  if (meta.localFields.filter((f) => f.primaryKey).length > 1)
    report(
      "error",
      "models.E026",
      meta.label,
      "Several fields are the primary key.",
      "Leave primaryKey: true on one of them, or use CompositePrimaryKey.",
    );
  if (meta.pk instanceof CompositePrimaryKey) checkComposite(meta, meta.pk, report);
}
function checkComposite(meta: ModelMeta, key: CompositePrimaryKey, report: Report): void {
  const seen = new Map<Field, string>();
  for (const name of key.names) {
    const refuse = (hint: string): void =>
      report("error", "models.E042", meta.label, `'${name}' cannot be a part of the composite key.`, hint);
    const field = meta.byName.get(name);
    if (field === undefined) refuse(`${meta.objectName} has no field '${name}'.`);
    else if (!field.concrete) refuse(`'${name}' has no column.`);
    else if (field instanceof GeneratedField) refuse(`'${name}' is computed by the database.`);
    else if (!meta.localFields.includes(field)) refuse(`'${name}' stands on a parent model.`);
    else if (field.null) refuse(`'${name}' may be null.`);
    else if (seen.has(field)) refuse(`'${name}' and '${seen.get(field)}' are the same field.`);
    if (field !== undefined) seen.set(field, name);
  }
}

// ---- clashes ----------------------------------------------------------------------------------------------------
function checkFieldClashes(meta: ModelMeta, report: Report): void {
  const used = new Map<string, Field>();
  for (const parent of meta.allParents)
    for (const f of parent.localFields) {
      const clash = used.get(f.name) ?? used.get(f.attname);
      if (clash !== undefined && clash !== f)
        report(
          "error",
          "models.E005",
          meta.label,
          `The fields '${clash.path}' and '${f.path}' of two parents have the same name.`,
          "Rename one of them.",
        );
      used.set(f.name, f);
      used.set(f.attname, f);
    }
  for (const f of meta.localFields) {
    const clash = used.get(f.name) ?? used.get(f.attname);
    if (clash !== undefined && clash !== f)
      report(
        "error",
        "models.E006",
        f.path,
        `The field '${f.name}' has the name of '${clash.path}'.`,
        "Rename one of them.",
      );
    used.set(f.name, f);
    used.set(f.attname, f);
  }
}
function checkColumns(meta: ModelMeta, report: Report): void {
  const used = new Map<string, Field>();
  for (const f of meta.localConcreteFields) {
    // Databases fold case in different ways; two names that differ by case alone are one on some of them.
    const column = f.column!.toLowerCase();
    const other = used.get(column);
    if (other !== undefined)
      report(
        "error",
        "models.E007",
        meta.label,
        `The field '${f.name}' has the column '${f.column}', which is that of '${other.name}'.`,
        "Give one of them another dbColumn.",
      );
    used.set(column, f);
  }
}
function checkLengths(meta: ModelMeta, dialects: readonly DialectInfo[], report: Report): void {
  if (!meta.managed || dialects.length === 0) return;
  const max = Math.min(...dialects.map((d) => d.features.maxIdentifier));
  for (const f of meta.localConcreteFields)
    if (f.options.dbColumn === undefined && Buffer.byteLength(f.column!) > max)
      report(
        "error",
        "models.E018",
        meta.label,
        `The column '${f.column}' made for the field '${f.name}' is longer than ${max} bytes.`,
        "Give the field a shorter dbColumn.",
      );
  for (const f of meta.localFields) {
    if (!(f instanceof ManyToManyField) || !f.throughAuto) continue;
    const long = [f.sourceField, f.targetField].find((k) => Buffer.byteLength(k.column!) > max);
    if (long !== undefined)
      report(
        "error",
        "models.E019",
        meta.label,
        `The column '${long.column}' made for the many-to-many field '${f.name}' is longer than ${max} bytes.`,
        "Use a through model of your own.",
      );
  }
}

// ---- what a database lacks --------------------------------------------------------------------------------------
/** How messages name a database. */
export function displayName(d: DialectInfo): string {
  return d.name === "sqlite" ? "SQLite" : d.name === "postgres" ? "PostgreSQL" : d.isMariaDb ? "MariaDB" : "MySQL";
}
function checkFeatures(meta: ModelMeta, dialects: readonly DialectInfo[], report: Report): void {
  for (const d of dialects) {
    const name = displayName(d);
    if (d.name === "sqlite") {
      if (meta.options.dbTableComment !== undefined)
        report("warning", "models.W046", meta.label, `${name} has no comments on tables; dbTableComment is left out.`);
      for (const f of meta.localConcreteFields)
        if (f.options.dbComment !== undefined)
          report("warning", "fields.W163", f.path, `${name} has no comments on columns; dbComment is left out.`);
    }
    if (d.name !== "mysql") continue;
    for (const f of meta.localConcreteFields) {
      const type = columnType(f, d);
      if (f.dbIndex && /^(tiny|medium|long)?(text|blob)|^json/i.test(type))
        report(
          "warning",
          "fields.W162",
          f.path,
          `${name} cannot index columns of the type ${type}; the index is left out.`,
        );
      if (f.unique && type.startsWith("varchar") && (f.maxLength ?? 0) > 255)
        report("warning", "mysql.W003", f.path, `${name} may refuse a unique column of more than 255 characters.`);
    }
  }
}
// A field that does not exist on a database says so by throwing; its own checks report it.
function columnType(f: Field, d: DialectInfo): string {
  if (f instanceof ForeignKey && f.toFields.length === 0) return "";
  try {
    return f.dbType(d) ?? "";
  } catch {
    return "";
  }
}

// ---- ordering ---------------------------------------------------------------------------------------------------
function checkOrdering(meta: ModelMeta, report: Report, knows: KnowsLookup): void {
  const given: unknown = meta.options.ordering;
  if (given === undefined) return;
  if (meta.options.orderWithRespectTo !== undefined) {
    report("error", "models.E021", meta.label, "ordering and orderWithRespectTo exclude each other.");
    return;
  }
  if (!Array.isArray(given)) {
    report("error", "models.E014", meta.label, "ordering is a list, also for one name.", 'Write ordering: ["name"].');
    return;
  }
  for (const term of given as unknown[]) {
    if (typeof term !== "string" || term === "?") continue;
    const path = term.replace(/^[-+]/, "");
    if (!pathExists(meta, path, knows))
      report(
        "error",
        "models.E015",
        meta.label,
        `ordering names '${path}', which is no field, relation or lookup of ${meta.objectName}.`,
      );
  }
}
function pathExists(meta: ModelMeta, path: string, knows: KnowsLookup): boolean {
  let at: ModelMeta | undefined = meta;
  let field: MetaField | undefined;
  for (const part of path.split("__")) {
    const next: MetaField | undefined = at === undefined ? undefined : part === "pk" ? at.pk : at.find(part);
    if (next === undefined) {
      if (field === undefined || "relatedModel" in field || !knows(field, part)) return false;
      at = undefined;
      continue;
    }
    field = next;
    at =
      "relatedModel" in next
        ? (next.relatedModel as ModelMeta)
        : next instanceof ForeignObject || next instanceof ManyToManyField
          ? (next.related as ModelMeta | undefined)
          : undefined;
  }
  return true;
}
