/** Texts of validation errors: names as people read them, places for them in messages, errors gathered by field. */
import { NON_FIELD_ERRORS, ValidationError, type ValidationMessage } from "../base/errors.js";
import { fillMessage } from "../base/message-text.js";
import type { Field } from "../fields/field.js";
import { type BaseConstraint, UniqueConstraint } from "../meta/constraints.js";
import type { ModelMeta } from "../meta/options.js";

/** The text with a capital first letter. */
export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
/** Name of a model or field at the start of a sentence. */
export const labelOf = (x: ModelMeta | Field): string => capitalised(x.verboseName);

/** "a", "a and b", "a, b and c". */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)!}`;
}

/** Gathers messages under the names of fields. */
export class ErrorsByField {
  private readonly found = new Map<string, ValidationMessage[]>();

  add(name: string, messages: readonly ValidationMessage[]): void {
    this.found.set(name, [...(this.found.get(name) ?? []), ...messages]);
  }
  /** Takes over what a `ValidationError` says; other errors are thrown on. */
  take(error: unknown): void {
    if (!(error instanceof ValidationError)) throw error;
    for (const [name, messages] of Object.entries(error.errorDict ?? { [NON_FIELD_ERRORS]: error.errorList }))
      this.add(name, messages);
  }
  /** Runs a check and takes over what it says. */
  async during(check: () => unknown): Promise<void> {
    try {
      await check();
    } catch (error) {
      this.take(error);
    }
  }
  /** Names of fields that did not pass. */
  get fields(): readonly string[] {
    return [...this.found.keys()].filter((n) => n !== NON_FIELD_ERRORS);
  }
  /** @throws ValidationError where anything was found */
  throwIfAny(): void {
    if (this.found.size > 0) throw new ValidationError(Object.fromEntries(this.found));
  }
}

/** What is said where a value, or values together, are taken: `Product with this Name already exists.` */
export function uniqueMessage(model: ModelMeta, fields: readonly Field[]): ValidationMessage {
  const params: Record<string, unknown> = {
    model_name: labelOf(model),
    model: model.label,
    unique_check: fields.map((f) => f.name),
  };
  if (fields.length === 1) {
    const f = fields[0]!;
    params["field_label"] = labelOf(f);
    return {
      message: fillMessage(
        f.errorMessage("unique", "%(model_name)s with this %(field_label)s already exists."),
        params,
      ),
      code: "unique",
      params,
    };
  }
  params["field_labels"] = listed(fields.map(labelOf));
  return {
    message: fillMessage("%(model_name)s with this %(field_labels)s already exists.", params),
    code: "unique_together",
    params,
  };
}
/** What is said where a constraint is broken: its own message, or that of unique fields. */
export function constraintMessage(c: BaseConstraint, model: ModelMeta): ValidationMessage {
  if (c instanceof UniqueConstraint) {
    const { condition, fields, violationErrorMessage } = c as UniqueConstraint;
    if (condition === null && fields.length > 0 && violationErrorMessage === undefined)
      return uniqueMessage(
        model,
        fields.map((n) => model.getConcrete(n)),
      );
  }
  const params = { name: c.nameFor(model) };
  return {
    message: fillMessage(c.violationErrorMessage ?? "Constraint “%(name)s” is violated.", params),
    code: c.violationErrorCode ?? "invalid",
    params,
  };
}
/** The field a constraint's message is filed under: that of a unique constraint of one field, else none. */
export function keyOfConstraint(c: BaseConstraint, message: ValidationMessage): string {
  const single = c instanceof UniqueConstraint && c.fields.length === 1 && message.code === "unique";
  return single ? (c as UniqueConstraint).fields[0]! : NON_FIELD_ERRORS;
}
/** What is said where a value is taken for that date, month or year. */
export function dateMessage(model: ModelMeta, part: string, field: Field, date: Field): ValidationMessage {
  const params = {
    model_name: labelOf(model),
    model: model.label,
    lookup_type: part,
    field: field.name,
    field_label: labelOf(field),
    date_field: date.name,
    date_field_label: labelOf(date),
  };
  return {
    message: fillMessage(
      field.errorMessage("unique_for_date", "%(field_label)s must be unique for %(date_field_label)s %(lookup_type)s."),
      params,
    ),
    code: "unique_for_date",
    params,
  };
}
