/**
 * Validation of instances: `fullClean()` and the check of single fields. Uniqueness and constraints stand in the files of those
 * names. Saving does not validate, as in Django.
 */
import type { DialectInfo } from "../ast/seams.js";
import { fillMessage } from "../base/message-text.js";
import { InterfaceError, ValidationError } from "../base/errors.js";
import type { Database } from "../db/connection.js";
import { isExpression } from "../expressions/expression.js";
import { ForeignKey } from "../fields/relations.js";
import type { ModelMeta } from "../meta/options.js";
import { baseRows } from "./base-rows.js";
import { metaOfInstance, putValue, rawValue } from "./instance-state.js";
import type { ModelBase } from "./model.js";
import { runtimeOf, type CleanOptions } from "./runtime.js";
import { aliasForChecks, excludedNames } from "./validate-unique.js";
import { ErrorsByField } from "./validation-messages.js";

export { nextBy } from "./next-by.js";
export { validateConstraints } from "./validate-constraints.js";
export { validateUnique } from "./validate-unique.js";

/**
 * Checks everything there is to check before saving: each field, `clean()`, uniqueness, constraints. What fails in one step is not
 * looked at in the next.
 * @param options `exclude`: names of fields to pass over; `validateUnique: false`, `validateConstraints: false` leave a step out
 * @throws ValidationError with `messageDict` by field, and under `__all__` what belongs to no single one
 * @example await product.fullClean(); // ValidationError { name: ["Product with this Name already exists."] }
 * Django: https://docs.djangoproject.com/en/stable/ref/models/instances/#django.db.models.Model.full_clean
 */
export async function fullClean(given: object, options: CleanOptions = {}): Promise<void> {
  // Through the instance: models override these.
  const instance = given as ModelBase;
  const exclude = excludedNames(options);
  const errors = new ErrorsByField();
  await errors.during(() => instance.cleanFields({ exclude }));
  await errors.during(() => instance.clean());
  const passed = (): Set<string> => new Set([...exclude, ...errors.fields]);
  if (options.validateUnique !== false) await errors.during(() => instance.validateUnique({ exclude: passed() }));
  if (options.validateConstraints !== false)
    await errors.during(() => instance.validateConstraints({ exclude: passed() }));
  errors.throwIfAny();
}

/**
 * Checks each field by itself and puts the values back as the field understands them (`"3"` becomes 3). Deferred fields are
 * what the database has and are passed over.
 * @throws ValidationError by field
 * Django: https://docs.djangoproject.com/en/stable/ref/models/instances/#django.db.models.Model.clean_fields
 */
export async function cleanFields(instance: object, options: CleanOptions = {}): Promise<void> {
  const meta = metaOfInstance(instance);
  const exclude = excludedNames(options);
  const errors = new ErrorsByField();
  const dialect = dialectOf(runtimeOf(meta).database(aliasForChecks(instance, meta)));
  for (const f of meta.concreteFields) {
    if (exclude.has(f.name) || f.generated || !Object.hasOwn(instance, f.attname)) continue;
    const value = rawValue(instance, f.attname);
    // The key of the parent's row: it comes with saving that.
    if (f instanceof ForeignKey && f.parentLink) continue;
    // An expression, such as the column's own default, becomes a value in the database only.
    if (isExpression(value) || (f.blank && f.isEmptyValue(value))) continue;
    try {
      const cleaned = await f.clean(value, instance, dialect);
      putValue(instance, f.attname, cleaned);
      if (f instanceof ForeignKey && cleaned !== null) await checkReference(instance, f, cleaned);
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      errors.add(f.name, error.errorList);
    }
  }
  errors.throwIfAny();
}

/** The row that a foreign key names has to be there, among those it may choose from. */
async function checkReference(instance: object, f: ForeignKey, value: unknown): Promise<void> {
  const related = f.related as ModelMeta;
  const alias = runtimeOf(related).route(related, false, { instance });
  let rows = baseRows(related, alias).filter({ [f.target.name]: value });
  const limit = f.relOptions.limitChoicesTo;
  const choices: unknown = typeof limit === "function" ? (limit as () => unknown)() : limit;
  if (choices !== undefined && choices !== null) rows = rows.complexFilter(choices);
  if (await rows.exists()) return;
  const params = { model: related.verboseName, pk: value, field: f.target.name, value };
  // The value itself stands in `params` only.
  const message = f.errorMessage("invalid", "%(model)s instance with this %(field)s is not a valid choice.");
  throw new ValidationError(fillMessage(message, params), "invalid", params);
}

// Ranges of integers differ between databases. Before the first connection nobody knows, and fields check the widest.
function dialectOf(db: Database): DialectInfo | undefined {
  try {
    return db.dialect;
  } catch (error) {
    if (error instanceof InterfaceError) return undefined;
    throw error;
  }
}
