/** Checks of relations: targets, names seen from the other side, through models. Pure; it knows models as data. */
import type { DialectInfo } from "../ast/seams.js";
import { isInstanceMember } from "../base/reserved.js";
import type { Field } from "../fields/field.js";
import { CompositePrimaryKey } from "../fields/generated.js";
import { isGeneric } from "../fields/generic.js";
import {
  ForeignKey,
  ForeignObject,
  ManyToManyField,
  OneToOneField,
  type ReverseRelation,
} from "../fields/relations.js";
import { UniqueConstraint } from "./constraints.js";
import type { ModelMeta } from "./options.js";

/** Adds a message. */
export type Report = (level: "error" | "warning", id: string, object: string, message: string, hint?: string) => void;

/** Checks of one relation field of a model. A field whose label is not resolved is passed over: the registry reported it. */
export function checkRelation(
  meta: ModelMeta,
  field: ForeignObject | ManyToManyField,
  dialects: readonly DialectInfo[],
  report: Report,
): void {
  const target = field.related as ModelMeta | undefined;
  if (target === undefined) return;
  if (target.swapped)
    report(
      "error",
      "fields.E301",
      field.path,
      `The relation leads to ${target.label}, which was swapped for another model.`,
      `Name the model that took its place (${target.options.swappable ?? "see swappable"}).`,
    );
  if (field instanceof ManyToManyField) checkManyToMany(meta, field, target, report);
  else checkForeign(field, target, dialects, report);
  if (field.reverse !== undefined) {
    checkQueryName(field, field.reverse, report);
    checkClashes(field, field.reverse, target, report);
  }
}

// ---- names on the other side ------------------------------------------------------------------------------------
function checkQueryName(field: Field, reverse: ReverseRelation, report: Report): void {
  const name = reverse.queryName;
  if (reverse.hidden || name.endsWith("+")) return;
  const hint = "Give the field another relatedName or relatedQueryName.";
  if (name.endsWith("_"))
    report(
      "error",
      "fields.E308",
      field.path,
      `The reverse name '${name}' ends in an underscore, which paths cannot hold.`,
      hint,
    );
  if (name.includes("__"))
    report(
      "error",
      "fields.E309",
      field.path,
      `The reverse name '${name}' has '__' in it, which separates the parts of a path.`,
      hint,
    );
}

function checkClashes(field: Field, reverse: ReverseRelation, target: ModelMeta, report: Report): void {
  const accessor = reverse.accessorName;
  const seen = `${target.objectName}.${accessor ?? ""}`;
  if (accessor !== null && isInstanceMember(accessor))
    report(
      "error",
      "fields.E302",
      field.path,
      `The reverse accessor '${seen}' of '${field.path}' has the name of a member that every instance has.`,
      `Give '${field.path}' another relatedName.`,
    );
  for (const [name, other] of target.byName) {
    // Generic relations have no say in names: they stand beside the columns.
    if (name !== other.name || other === field || isGeneric(other)) continue;
    if (accessor === name)
      report(
        "error",
        "fields.E302",
        field.path,
        `The reverse accessor '${seen}' of '${field.path}' has the name of the field '${target.label}.${name}'.`,
        `Rename one of the two, or give '${field.path}' a relatedName.`,
      );
    if (!reverse.hidden && reverse.queryName === name)
      report(
        "error",
        "fields.E303",
        field.path,
        `The reverse name of '${field.path}' in paths is that of the field '${target.label}.${name}'.`,
        `Rename one of the two, or give '${field.path}' a relatedName.`,
      );
  }
  for (const model of [target, ...target.allParents])
    for (const other of model.reverse) {
      if (other === reverse || other.hidden) continue;
      // The way from a parent down to this very child is no relation that a child inherits.
      if (model.concrete !== target.concrete && other.field instanceof ForeignObject && other.field.parentLink)
        continue;
      const path = other.field.path;
      if (accessor !== null && other.accessorName === accessor)
        report(
          "error",
          "fields.E304",
          field.path,
          `The reverse accessor '${seen}' of '${field.path}' is also that of '${path}'.`,
          `Give '${field.path}' or '${path}' a relatedName.`,
        );
      if (!reverse.hidden && other.queryName === reverse.queryName)
        report(
          "error",
          "fields.E305",
          field.path,
          `The reverse name '${reverse.queryName}' of '${field.path}' in paths is also that of '${path}'.`,
          `Give '${field.path}' or '${path}' a relatedName.`,
        );
    }
}

// ---- to one row -------------------------------------------------------------------------------------------------
function checkForeign(field: ForeignObject, target: ModelMeta, dialects: readonly DialectInfo[], report: Report): void {
  const to = field.toFields;
  if (to.some((f) => f instanceof CompositePrimaryKey))
    report(
      "error",
      "fields.E347",
      field.path,
      `${target.objectName} has a composite key, which a foreign key of one column cannot refer to.`,
      "Use ForeignObject with fromFields and toFields.",
    );
  else if (to.length > 0) checkUniqueTarget(field, target, report);
  checkOnDelete(field, target, dialects, report);
  if (field instanceof ForeignKey && !(field instanceof OneToOneField) && field.options.unique === true)
    report(
      "warning",
      "fields.W342",
      field.path,
      "A ForeignKey with unique: true is what OneToOneField is.",
      "Use OneToOneField.",
    );
}

function checkUniqueTarget(field: ForeignObject, target: ModelMeta, report: Report): void {
  const to = field.toFields;
  if (to.some((f) => f.unique)) return;
  const names = new Set(to.flatMap((f) => [f.name, f.attname]));
  const covered = (set: readonly string[]): boolean => set.length > 0 && set.every((n) => names.has(n));
  const sets: (readonly string[])[] = [...target.uniqueTogether];
  if (target.hasCompositePk) sets.push(target.pkFields.map((f) => f.name));
  for (const c of target.constraints)
    if (c instanceof UniqueConstraint && c.condition === null && c.expressions.length === 0) sets.push(c.fields);
  if (sets.some(covered)) return;
  // Only a foreign key needs it in the database; a join over other columns is of use without, though it may double rows.
  const level = field instanceof ForeignKey ? "error" : "warning";
  if (to.length === 1)
    report(
      level,
      "fields.E311",
      field.path,
      `'${target.objectName}.${to[0]!.name}' is not unique, but a foreign key refers to it.`,
      "Set unique: true on it, or add a UniqueConstraint without condition to Meta.constraints.",
    );
  else
    report(
      level,
      "fields.E310",
      field.path,
      `The fields ${to.map((f) => `'${f.name}'`).join(", ")} of '${target.objectName}' are not unique together.`,
      "Make one of them unique, or add a UniqueConstraint without condition over some of them.",
    );
}

/** Whether the database itself does what `onDelete` says. */
export function inDatabase(field: ForeignObject): boolean {
  return field.onDelete.action.startsWith("db");
}
function checkOnDelete(
  field: ForeignObject,
  target: ModelMeta,
  dialects: readonly DialectInfo[],
  report: Report,
): void {
  const { action } = field.onDelete;
  if (action === "dbSetNull" && !field.null)
    report(
      "error",
      "fields.E320",
      field.path,
      "onDelete is DB_SET_NULL, but the field cannot be null.",
      "Set null: true, or choose another onDelete.",
    );
  if (action === "dbSetDefault") {
    if (!field.hasDbDefault())
      report(
        "error",
        "fields.E322",
        field.path,
        "onDelete is DB_SET_DEFAULT, but the field has no dbDefault.",
        "Set a dbDefault, or choose another onDelete.",
      );
    if (dialects.some((d) => !d.features.onDeleteSetDefault))
      report(
        "error",
        "fields.E324",
        field.path,
        "MySQL and MariaDB do not support onDelete: DB_SET_DEFAULT.",
        "Choose another onDelete.",
      );
  }
  if (action === "doNothing") return;
  for (const other of new Set(target.byName.values())) {
    if (
      !(other instanceof ForeignObject) ||
      other.onDelete.action === "doNothing" ||
      inDatabase(other) === inDatabase(field)
    )
      continue;
    if (other.parentLink && !inDatabase(field)) continue;
    report(
      "error",
      "fields.E323",
      field.path,
      `onDelete is done ${inDatabase(field) ? "by the database" : "by babik"} here, but the other way in ${target.objectName}.${other.name}.`,
      "Use one way along a chain of relations.",
    );
    return;
  }
}

// ---- to many rows -----------------------------------------------------------------------------------------------
function checkManyToMany(meta: ModelMeta, field: ManyToManyField, target: ModelMeta, report: Report): void {
  const o = field.relOptions;
  const name = o.relatedName;
  if (name !== undefined && !name.endsWith("+") && !/^[A-Za-z_$][\w$]*$/.test(name.replaceAll(/%\(\w+\)s/g, "x")))
    report(
      "error",
      "fields.E306",
      field.path,
      `'${name}' cannot be a relatedName.`,
      "A relatedName is an identifier, or ends in '+'.",
    );
  if (o.unique === true) report("error", "fields.E330", field.path, "A ManyToManyField cannot be unique.");
  if (o.null === true) report("warning", "fields.W340", field.path, "null means nothing on a ManyToManyField.");
  if (o.validators !== undefined && o.validators.length > 0)
    report("warning", "fields.W341", field.path, "A ManyToManyField does not run validators.");
  if (field.symmetrical && target.concrete === meta.concrete && name !== undefined && !name.endsWith("+"))
    report(
      "warning",
      "fields.W345",
      field.path,
      "A symmetrical relation has no other side, so relatedName means nothing on it.",
    );
  const composite = meta.hasCompositePk ? meta : target.hasCompositePk ? target : null;
  if (composite !== null && o.through === undefined)
    report(
      "error",
      "fields.E347",
      field.path,
      `${composite.objectName} has a composite key, which the table of a ManyToManyField cannot refer to.`,
    );
  const through = field.through as ModelMeta | undefined;
  if (through === undefined) return;
  if (field.throughAuto) checkEnds(meta, field, target, report);
  else checkThrough(meta, field, target, through, report);
}

/** Pairs in a table of babik's own are deleted by babik: rows on either side must not vanish without it. */
function checkEnds(meta: ModelMeta, field: ManyToManyField, target: ModelMeta, report: Report): void {
  for (const end of new Set([meta, target]))
    for (const key of new Set(end.byName.values()))
      if (key instanceof ForeignObject && key.onDelete.action === "dbCascade")
        report(
          "error",
          "fields.E323",
          key.path,
          `onDelete is done by the database here, but pairs of ${field.path} are deleted by babik.`,
          "Use one way along a chain of relations, or give the field a through model of your own.",
        );
}

function checkThrough(
  meta: ModelMeta,
  field: ManyToManyField,
  target: ModelMeta,
  through: ModelMeta,
  report: Report,
): void {
  const keys = [...new Set(through.byName.values())].filter(
    (f): f is ForeignKey => f instanceof ForeignKey && f.related !== undefined,
  );
  const to = (m: ModelMeta): number => keys.filter((k) => (k.related as ModelMeta).concrete === m.concrete).length;
  const named = field.relOptions.throughFields;
  if (named !== undefined) {
    if (!Array.isArray(named) || named.length < 2 || named.some((n) => typeof n !== "string" || n === "")) {
      report(
        "error",
        "fields.E337",
        field.path,
        `throughFields does not name the two foreign keys of ${through.label}.`,
        'Write throughFields: ["from", "to"].',
      );
      return;
    }
    for (const [i, model] of [meta, target].entries()) {
      const key = through.byName.get(named[i]!);
      if (
        key instanceof ForeignKey &&
        key.related !== undefined &&
        (key.related as ModelMeta).concrete !== model.concrete &&
        !model.isA(key.related as ModelMeta)
      )
        report(
          "error",
          "fields.E339",
          field.path,
          `'${through.objectName}.${key.name}' is no foreign key to '${model.objectName}'.`,
          `Foreign keys to it: ${
            keys
              .filter((k) => (k.related as ModelMeta).concrete === model.concrete)
              .map((k) => k.name)
              .join(", ") || "none"
          }.`,
        );
    }
    return;
  }
  const hint = 'Say which two are meant: throughFields: ["from", "to"].';
  if (meta.concrete === target.concrete) {
    if (to(meta) > 2)
      report(
        "error",
        "fields.E333",
        field.path,
        `${through.label} has more than two foreign keys to '${meta.objectName}', so it is not clear which two '${field.path}' means.`,
        hint,
      );
    return;
  }
  if (to(meta) > 1)
    report(
      "error",
      "fields.E334",
      field.path,
      `${through.label} has several foreign keys to '${meta.objectName}', so it is not clear which one '${field.path}' begins with.`,
      hint,
    );
  if (to(target) > 1)
    report(
      "error",
      "fields.E335",
      field.path,
      `${through.label} has several foreign keys to '${target.objectName}', so it is not clear which one '${field.path}' ends with.`,
      hint,
    );
}

/** Two many-to-many fields of a model that are the same relation: models.E003. */
export function checkDoubleThroughs(meta: ModelMeta, report: Report): void {
  const seen = new Set<string>();
  for (const f of meta.localFields) {
    if (!(f instanceof ManyToManyField) || f.throughAuto || f.through === undefined || f.sourceField === undefined)
      continue;
    const key = `${f.related.label}|${f.through.label}|${f.sourceField.name}|${f.targetField.name}`;
    if (seen.has(key))
      report(
        "error",
        "models.E003",
        meta.label,
        `Two many-to-many fields are the same relation through ${f.through.label}.`,
      );
    seen.add(key);
  }
}
