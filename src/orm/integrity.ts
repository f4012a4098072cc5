/**
 * What a broken constraint of the database means for the model that was written: the constraint's name, its columns, and the messages
 * that validation would have given. Databases tell different parts of it (SQLite columns but no name, MariaDB the other way round).
 */
import { fillMessage } from "../base/message-text.js";
import {
  explainIntegrityError,
  IntegrityError,
  NON_FIELD_ERRORS,
  type MessagesByField,
  type ValidationMessage,
} from "../base/errors.js";
import { generatedName } from "../base/names.js";
import type { Field } from "../fields/field.js";
import { ForeignKey } from "../fields/relations.js";
import { type BaseConstraint, isConstraint, UniqueConstraint } from "../meta/constraints.js";
import type { ModelMeta } from "../meta/options.js";
import { runtimeOf } from "./runtime.js";
import { constraintMessage, keyOfConstraint, uniqueMessage } from "./validation-messages.js";

/** What was found out about one failure. */
interface Broken {
  readonly model: ModelMeta;
  readonly constraint: BaseConstraint | undefined;
  readonly fields: readonly Field[];
}

/** The error of a statement that wrote `meta`'s table, with all that the model knows; other errors as they are. */
export function explained(error: unknown, meta: ModelMeta): unknown {
  if (!(error instanceof IntegrityError)) return error;
  const broken = interpret(error, meta);
  const { model, constraint, fields } = broken;
  explainIntegrityError(
    error,
    {
      model: model.label,
      table: model.dbTable,
      constraint: constraint?.nameFor(model),
      columns: fields.length > 0 ? fields.map((f) => f.column!) : undefined,
    },
    // Rows of another table are in the way: nothing is wrong with the values of this one.
    () => messagesOf(error.code, model === meta.concrete ? broken : { ...broken, fields: [] }),
  );
  return error;
}

function interpret(error: IntegrityError, meta: ModelMeta): Broken {
  const model = modelOf(error.table, meta.concrete);
  const name = error.constraint;
  const declared = name === undefined ? undefined : constraintCalled(name, model);
  if (declared !== undefined) return { model, constraint: declared, fields: fieldsOf(declared, model) };
  const fields = (error.columns ?? columnsOf(error.code, name, model)).flatMap((column) => {
    const f = model.localConcreteFields.find((x) => x.column === column);
    return f === undefined ? [] : [f];
  });
  const constraint = error.code === "integrity.unique" ? uniqueOver(fields, model) : undefined;
  return { model, constraint, fields };
}
function modelOf(table: string | undefined, meta: ModelMeta): ModelMeta {
  if (table === undefined || table === meta.dbTable) return meta;
  for (const m of runtimeOf(meta).registry.models.values()) if (m.dbTable === table && !m.proxy) return m;
  return meta;
}
function constraintCalled(name: string, model: ModelMeta): BaseConstraint | undefined {
  return model.constraints.find((c): c is BaseConstraint => isConstraint(c) && c.nameFor(model) === name);
}
function fieldsOf(c: BaseConstraint, model: ModelMeta): readonly Field[] {
  return c instanceof UniqueConstraint ? c.fields.map((n) => model.getConcrete(n)) : [];
}
/** The unique constraint of exactly these fields. */
function uniqueOver(fields: readonly Field[], model: ModelMeta): BaseConstraint | undefined {
  return model.constraints.find(
    (c): c is BaseConstraint =>
      c instanceof UniqueConstraint &&
      c.fields.length === fields.length &&
      c.fields.every((n) => fields.includes(model.getConcrete(n))),
  );
}
/** How long a name may be: that differs between databases. */
const LONGEST_NAMES = [63, 64, 200];
/** The end of the name of a foreign key's constraint, as tables are made with it. */
function suffixOf(f: ForeignKey): string {
  const target = f.toFields[0]!;
  const { dbTable } = (target.owner as ModelMeta | null) ?? (f.related as ModelMeta);
  return `_fk_${dbTable}_${target.column!}`;
}
/** Columns where the database gives a name that babik made, or none at all. */
function columnsOf(code: string, name: string | undefined, model: ModelMeta): readonly string[] {
  const own = model.localConcreteFields;
  if (code === "integrity.foreign_key") {
    const keys = own.filter((f): f is ForeignKey => f instanceof ForeignKey && f.dbConstraint);
    const called = (f: ForeignKey, max: number): boolean =>
      generatedName(model.dbTable, [f.column!], suffixOf(f), max) === name;
    const found = keys.find((f) => name !== undefined && LONGEST_NAMES.some((max) => called(f, max)));
    if (found !== undefined) return [found.column!];
    return name === undefined && keys.length === 1 ? [keys[0]!.column!] : [];
  }
  if (name === undefined) return [];
  if (name === "PRIMARY") return model.pkFields.map((f) => f.column!);
  for (const names of model.uniqueTogether) {
    const columns = names.map((n) => model.getConcrete(n).column!);
    if (LONGEST_NAMES.some((max) => generatedName(model.dbTable, columns, "_uniq", max) === name)) return columns;
  }
  const byName = own.find((f) => f.column === name || `${model.dbTable}_${f.column}_check` === name);
  return byName === undefined ? [] : [byName.column!];
}

function messagesOf(code: string, { model, constraint, fields }: Broken): MessagesByField {
  if (constraint !== undefined) {
    const message = constraintMessage(constraint, model);
    return { [keyOfConstraint(constraint, message)]: [message] };
  }
  if (fields.length > 0)
    switch (code) {
      case "integrity.unique":
        return { [fields.length === 1 ? fields[0]!.name : NON_FIELD_ERRORS]: [uniqueMessage(model, fields)] };
      case "integrity.not_null":
        return each(fields, (f) => ({ message: f.errorMessage("null", "This field cannot be null."), code: "null" }));
      case "integrity.foreign_key":
        return each(fields, missing);
      case "integrity.check":
        return each(fields, (f) => ({
          message: f.errorMessage("invalid", "Enter a valid value."),
          code: "invalid",
        }));
    }
  return {
    [NON_FIELD_ERRORS]: [{ message: GENERAL[code] ?? "The values break a rule of the database.", code: "invalid" }],
  };
}
const GENERAL: Readonly<Record<string, string>> = Object.freeze({
  "integrity.unique": "A row with these values already exists.",
  "integrity.foreign_key": "A row that this one refers to does not exist, or other rows refer to it.",
});
function each(fields: readonly Field[], message: (f: Field) => ValidationMessage): MessagesByField {
  return Object.fromEntries(fields.map((f) => [f.name, [message(f)]]));
}
function missing(f: Field): ValidationMessage {
  const related = (f as ForeignKey).related as ModelMeta;
  const params = { model: related.verboseName, field: (f as ForeignKey).target.name };
  return {
    message: fillMessage(
      f.errorMessage("invalid", "%(model)s instance with this %(field)s is not a valid choice."),
      params,
    ),
    code: "invalid",
    params,
  };
}
