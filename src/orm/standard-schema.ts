/**
 * Models as Standard Schemas (https://standardschema.dev): input from outside is checked by the rules of the fields before it comes near an
 * instance. Only fields that people may edit are let through, so a forged `id` or `isStaff` is an issue, not a value.
 */
import { isInstance } from "../ast/slots.js";
import { nearest, QueryTypeError, ValidationError, ValueError, type ValidationMessage } from "../base/errors.js";
import { namedOptions } from "../base/options.js";
import { isExpression } from "../expressions/expression.js";
import { ArrayField } from "../fields/arrays.js";
import type { Field } from "../fields/field.js";
import { AutoField } from "../fields/keys.js";
import { ForeignKey } from "../fields/relations.js";
import type { ModelMeta } from "../meta/options.js";

/** One thing that is wrong with the input. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly PropertyKey[];
  /** The code that `fullClean()` gives this mistake. */
  readonly code: string;
}
export type SchemaResult =
  | { readonly value: Record<string, unknown>; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };
/** What stands under `~standard`: version 1 of the specification. */
export interface SchemaProps {
  readonly version: 1;
  readonly vendor: "babik";
  readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>;
}
export interface Schema {
  readonly "~standard": SchemaProps;
}
export interface SchemaOptions {
  /** Fields may be left out, and keys cannot be given: input for a row that is there. */
  readonly partial?: boolean;
  /** Only these fields. */
  readonly only?: readonly string[];
  /** All but these fields. */
  readonly exclude?: readonly string[];
}

/**
 * A schema of a model's input. `metaOf` is asked when input is validated: models may be defined before their orm.
 * @throws QueryTypeError for options that are no lists of names
 */
export function schemaOf(metaOf: () => ModelMeta, given: SchemaOptions = {}): Schema {
  const options = namedOptions("schema()", given, ["partial", "only", "exclude"]);
  for (const key of ["only", "exclude"] as const) {
    const names: unknown = options[key];
    if (names !== undefined && (!Array.isArray(names) || names.some((n) => typeof n !== "string")))
      throw new QueryTypeError(`schema() takes { ${key} } as a list of names of fields.`, "schema.options");
  }
  let known: { readonly meta: ModelMeta; readonly fields: ReadonlyMap<string, Field> } | undefined;
  const validate = (value: unknown): SchemaResult | Promise<SchemaResult> => {
    const meta = metaOf();
    if (known?.meta !== meta) known = { meta, fields: fieldsOf(meta, options) };
    return check(value, known.fields, options.partial === true);
  };
  return Object.freeze({ "~standard": Object.freeze({ version: 1, vendor: "babik", validate } as const) });
}

/** Fields by the names that they can be given by. */
function fieldsOf(meta: ModelMeta, o: SchemaOptions): ReadonlyMap<string, Field> {
  for (const name of [...(o.only ?? []), ...(o.exclude ?? [])]) meta.getConcrete(name);
  const named = (f: Field, names: readonly string[]): boolean => names.includes(f.name) || names.includes(f.attname);
  const out = new Map<string, Field>();
  for (const f of meta.concreteFields) {
    if (f.generated || f instanceof AutoField || !f.editable || (f instanceof ForeignKey && f.parentLink)) continue;
    if (o.partial === true && meta.pkFields.includes(f)) continue;
    if (o.only !== undefined && !named(f, o.only)) continue;
    if (o.exclude !== undefined && named(f, o.exclude)) continue;
    out.set(f.name, f);
    out.set(f.attname, f);
  }
  const missing = (o.only ?? []).find((name) => !out.has(name));
  if (missing !== undefined)
    throw new ValueError(`${meta.objectName}.${missing} cannot be part of an input: it is not edited.`, "schema.only", {
      model: meta.label,
      path: missing,
    });
  return out;
}

function check(
  input: unknown,
  fields: ReadonlyMap<string, Field>,
  partial: boolean,
): SchemaResult | Promise<SchemaResult> {
  if (typeof input !== "object" || input === null || Array.isArray(input))
    return { issues: [{ message: "The input is an object of values.", code: "invalid" }] };
  const issues: SchemaIssue[] = [];
  const value: Record<string, unknown> = {};
  const given = new Set<Field>();
  const waiting: Promise<void>[] = [];
  for (const key of Object.keys(input)) {
    const one = (input as Record<string, unknown>)[key];
    if (one === undefined) continue;
    const field = fields.get(key);
    const fail = (messages: readonly ValidationMessage[]): void => {
      for (const m of messages) issues.push({ message: m.message, path: [key], code: m.code });
    };
    if (field === undefined) fail([unknown(key, fields)]);
    else if (given.has(field)) fail([{ message: "This value is given twice.", code: "twice" }]);
    else if (isExpression(one)) fail([{ message: "An expression cannot be given.", code: "invalid" }]);
    else if (isInstance(one)) value[key] = one;
    else {
      const clean = cleanNow(field, one, (v) => (value[key] = v), fail);
      if (clean !== undefined) waiting.push(clean);
    }
    if (field !== undefined) given.add(field);
  }
  if (!partial)
    for (const field of new Set(fields.values()))
      if (!given.has(field) && isRequired(field))
        issues.push({
          message: field.errorMessage("required", "This field is required."),
          path: [field.name],
          code: "required",
        });
  const result = (): SchemaResult => (issues.length > 0 ? { issues } : { value });
  return waiting.length === 0 ? result() : Promise.all(waiting).then(result);
}
function unknown(key: string, fields: ReadonlyMap<string, Field>): ValidationMessage {
  const near = nearest(key, fields.keys());
  return {
    message: near === undefined ? "There is no such field." : `There is no such field. Did you mean '${near}'?`,
    code: "unknown",
  };
}
function isRequired(f: Field): boolean {
  return !f.hasDefault() && !f.hasDbDefault() && !f.null && !(f.emptyStringsAllowed && f.blank);
}

/** Cleans a value as `field.clean()` does, at once where no validator has to be waited for. */
function cleanNow(
  field: Field,
  given: unknown,
  done: (value: unknown) => void,
  fail: (messages: readonly ValidationMessage[]) => void,
): Promise<void> | undefined {
  const refused = (error: unknown): void => {
    if (!(error instanceof ValidationError)) throw error;
    fail(error.errorList);
  };
  let value: unknown;
  try {
    value = field.toCanonical(given);
    field.validate(value);
  } catch (error) {
    refused(error);
    return undefined;
  }
  // Lists have the validators of their members.
  if (field instanceof ArrayField) return field.runValidators(value).then(() => done(value), refused);
  const messages: ValidationMessage[] = [];
  const add = (error: unknown): void => {
    if (!(error instanceof ValidationError)) throw error;
    for (const m of error.errorList) messages.push({ ...m, message: field.errorMessage(m.code, m.message) });
  };
  const waiting: Promise<unknown>[] = [];
  if (!field.isEmptyValue(value))
    for (const validator of field.validators)
      try {
        const answer: unknown = validator(value);
        if (answer instanceof Promise) waiting.push(answer.catch(add));
      } catch (error) {
        add(error);
      }
  const finish = (): void => (messages.length > 0 ? fail(messages) : done(value));
  if (waiting.length > 0) return Promise.all(waiting).then(finish);
  finish();
  return undefined;
}
