/**
 * The base of all fields: options, names, values and what a field can say about itself.
 * It must not know SQL text, queries or the registry of models; those read what stands here.
 */
import type { DbParam, DialectInfo, ValueType } from "../ast/seams.js";
import {
  FieldError,
  ImproperlyConfigured,
  ValidationError,
  ValueError,
  type ValidationMessage,
} from "../base/errors.js";
import { optionNames, unknownOption } from "../base/options.js";
import { isPlainObject } from "../base/values.js";
import { checkChoices, flattenChoices, valueKey, type ChoicesOption } from "./choices.js";

/** Brand of everything that may stand in a model's field list. */
export const FIELD: unique symbol = Symbol.for("babik.field");

/** What a field may know of the model it stands on; `meta/options.ts` implements it. */
export interface FieldOwner {
  readonly label: string;
  readonly appLabel: string;
  readonly objectName: string;
  readonly modelName: string;
  readonly dbTable: string;
}

/** Refuses a value by throwing a `ValidationError`. */
export type Validator = (value: unknown) => void | Promise<void>;
export type { ChoicesOption };

/** Options that every field takes, as in Django. */
export interface FieldOptions {
  readonly null?: boolean;
  readonly blank?: boolean;
  readonly default?: unknown;
  readonly dbDefault?: unknown;
  readonly unique?: boolean;
  readonly primaryKey?: boolean;
  readonly choices?: ChoicesOption;
  readonly dbColumn?: string;
  readonly dbIndex?: boolean;
  readonly dbComment?: string;
  readonly dbTablespace?: string;
  readonly dbCollation?: string;
  readonly editable?: boolean;
  readonly validators?: readonly Validator[];
  readonly verboseName?: string;
  readonly helpText?: string;
  readonly errorMessages?: Readonly<Record<string, string>>;
  readonly uniqueForDate?: string;
  readonly uniqueForMonth?: string;
  readonly uniqueForYear?: string;
  readonly autoCreated?: boolean;
  readonly serialize?: boolean;
  readonly maxLength?: number;
}

/** A mistake in a definition, reported with all others at once by the checks. */
export interface CheckMessage {
  readonly id: string;
  readonly level: "error" | "warning";
  readonly message: string;
  readonly hint?: string | undefined;
  /** `app.Model.field` or `app.Model`. */
  readonly object: string;
}

/** A check that belongs to the type of a column. */
export interface DbCheck {
  readonly kind: "nonNegative" | "jsonValid";
}

let creationCounter = 0;

/** One field of a model: a column (or a relation) and the rules of its values. */
export abstract class Field implements ValueType {
  /** The options that the class takes beside those of the classes it extends. */
  static readonly optionNames: readonly string[] = [
    "null",
    "blank",
    "default",
    "dbDefault",
    "unique",
    "primaryKey",
    "choices",
    "dbColumn",
    "dbIndex",
    "dbComment",
    "dbTablespace",
    "dbCollation",
    "editable",
    "validators",
    "verboseName",
    "helpText",
    "errorMessages",
    "uniqueForDate",
    "uniqueForMonth",
    "uniqueForYear",
    "autoCreated",
    "serialize",
    "maxLength",
  ] satisfies readonly (keyof FieldOptions)[];
  readonly [FIELD] = true as const;
  abstract readonly typeName: string;
  readonly options: Readonly<FieldOptions>;
  readonly creationOrder: number = creationCounter++;

  // Set once, when the field is put on its model (`bind`).
  name = "";
  attname = "";
  column: string | null = null;
  owner: FieldOwner | null = null;

  readonly null: boolean;
  readonly blank: boolean;
  readonly unique: boolean;
  readonly primaryKey: boolean;
  readonly dbIndex: boolean;
  readonly editable: boolean;
  readonly autoCreated: boolean;
  readonly maxLength: number | undefined;

  /** True for foreign keys and other relations. */
  readonly isRelation: boolean = false;
  /** True for fields with a column of their own. */
  concrete = true;
  /** True for GeneratedField: computed by the database. */
  readonly generated: boolean = false;
  /** `""` is a sensible value, so a missing default means `""` and not NULL (text fields). */
  readonly emptyStringsAllowed: boolean = false;
  /** Answers come back as bigint from drivers that would round. */
  // Getters, not properties: fields that take these from another field override them with getters of their own.
  get needsBigInt(): boolean {
    return false;
  }
  get scale(): number | undefined {
    return undefined;
  }
  get digits(): number | undefined {
    return undefined;
  }
  get member(): ValueType | undefined {
    return undefined;
  }

  constructor(options: FieldOptions = {}) {
    if (typeof options !== "object" || options === null || Array.isArray(options))
      throw new ImproperlyConfigured(`${new.target.name} takes one object of options.`, "field.options");
    const unknown = unknownOption(new.target.name, options, optionNames(new.target));
    if (unknown !== undefined) throw new ImproperlyConfigured(unknown, "field.unknown_option");
    this.options = Object.freeze({ ...options });
    this.null = options.null ?? false;
    this.blank = options.blank ?? false;
    this.primaryKey = options.primaryKey ?? false;
    this.unique = (options.unique ?? false) || this.primaryKey;
    this.dbIndex = options.dbIndex ?? false;
    this.editable = options.editable ?? true;
    this.autoCreated = options.autoCreated ?? false;
    this.maxLength = options.maxLength;
  }

  /** Puts the field on its model. Called once per model class; inherited fields are cloned first. */
  bind(owner: FieldOwner, name: string, column: string): void {
    this.owner = owner;
    this.name = name;
    this.attname = name;
    this.column = this.concrete ? (this.options.dbColumn ?? column) : null;
    this.cachedKey = undefined;
  }

  /** A fresh, unbound copy with the same options. */
  clone(): Field {
    const copy = Object.create(Object.getPrototypeOf(this) as object) as Field;
    Object.assign(copy, this);
    (copy as { owner: FieldOwner | null }).owner = null;
    copy.cachedKey = undefined;
    return copy;
  }

  /** Names of the types this one descends from, nearest first; ends in "Field". */
  get ancestry(): readonly string[] {
    return [this.typeName, "Field"];
  }

  private cachedKey: string | undefined;
  /** Equal for fields that prepare, send and read values in the same way. */
  get typeKey(): string {
    return (this.cachedKey ??= this.makeTypeKey());
  }
  protected makeTypeKey(): string {
    const { maxLength, scale, digits } = this;
    return [this.typeName, maxLength, digits, scale, this.member?.typeKey].filter((v) => v !== undefined).join(":");
  }

  /** `"shop.Product.price"`, or the type's name while the field stands on no model. */
  get path(): string {
    return this.owner === null ? this.typeName : `${this.owner.label}.${this.name}`;
  }
  get verboseName(): string {
    return (
      this.options.verboseName ??
      this.name
        .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
        .replace(/_/g, " ")
        .toLowerCase()
    );
  }

  // ---- values -------------------------------------------------------------------------------------------------
  /** User's value -> canonical value; see `ValueType.prep`. Never given null. */
  abstract prep(value: unknown): unknown;
  abstract toDb(value: unknown, dialect: DialectInfo): DbParam;
  abstract fromDb(dialect: DialectInfo): ((value: unknown) => unknown) | undefined;
  abstract dbType(dialect: DialectInfo): string | null;
  /** Type of a column that refers to this one (a foreign key's): never an auto-increment. */
  relDbType(dialect: DialectInfo): string | null {
    return this.dbType(dialect);
  }
  castType(dialect: DialectInfo): string {
    const type = this.dbType(dialect);
    if (type === null) throw new FieldError(`${this.path} has no column type to cast to.`, "field.no_cast");
    return type;
  }
  /** What the field stores for `value` when saving, e.g. `autoNow`; returns the canonical value, which is also set on the instance. */
  preSave(instance: Record<string, unknown>, _adding: boolean): unknown {
    return instance[this.attname];
  }
  /** Value as plain JSON for fixtures. */
  toJson(value: unknown): unknown {
    return value;
  }
  /** What `toJson` made -> something that `prep` takes. */
  fromJson(value: unknown): unknown {
    return value;
  }
  /** A rule that the column needs in the database, as data; its SQL is made elsewhere. */
  dbCheck(_dialect: DialectInfo): DbCheck | null {
    return null;
  }
  /** What follows the column's type (and PRIMARY KEY on SQLite) when the database numbers the rows itself. */
  autoIncrementSuffix(_dialect: DialectInfo): string | null {
    return null;
  }

  hasDefault(): boolean {
    return Object.hasOwn(this.options, "default");
  }
  hasDbDefault(): boolean {
    return Object.hasOwn(this.options, "dbDefault");
  }
  /** The value a new instance starts with: the default (called if it is a function), `""` for text that may not be NULL, else null. */
  getDefault(): unknown {
    if (this.hasDefault()) {
      const d = this.options.default;
      return typeof d === "function" ? (d as () => unknown)() : d;
    }
    return this.emptyStringsAllowed && !this.null ? "" : null;
  }

  // ---- validation ---------------------------------------------------------------------------------------------
  /** Validators that follow from the type and its options; a dialect narrows them to what its columns hold. */
  protected builtInValidators(_dialect?: DialectInfo): readonly Validator[] {
    return [];
  }
  get validators(): readonly Validator[] {
    return this.validatorsFor();
  }
  validatorsFor(dialect?: DialectInfo): readonly Validator[] {
    return [...this.builtInValidators(dialect), ...(this.options.validators ?? [])];
  }
  /** Message of code `invalid` where a value is not of this field's kind. */
  protected get invalidMessage(): string {
    return "Enter a valid value.";
  }
  /** Raw value -> canonical value for `fullClean`; throws `ValidationError` where `prep` would throw another error. */
  toCanonical(value: unknown): unknown {
    if (value === null || value === undefined) return null;
    if (value === "" && !this.emptyStringsAllowed) return null;
    try {
      return this.prep(value);
    } catch (cause) {
      if (!(cause instanceof ValidationError || cause instanceof FieldError || cause instanceof ValueError))
        throw cause;
      const code = cause instanceof ValidationError ? cause.code : "invalid";
      const message = cause instanceof ValidationError ? cause.messages.join(" ") : this.invalidMessage;
      throw new ValidationError(this.errorMessage(code, message), code);
    }
  }
  /**
   * All of a field's validation: conversion, `null`, `blank`, `choices`, then the validators.
   * Returns the canonical value; throws `ValidationError` with every message that applies.
   */
  async clean(value: unknown, _instance?: object, dialect?: DialectInfo): Promise<unknown> {
    const canonical = this.toCanonical(value);
    this.validate(canonical);
    await this.runValidators(canonical, dialect);
    return canonical;
  }
  /** `choices`, `null` and `blank` of a canonical value. */
  validate(value: unknown): void {
    if (!this.editable) return;
    if (this.options.choices !== undefined && !this.isEmptyValue(value)) {
      if (this.flatChoices.some(([choice]) => this.sameValue(choice, value))) return;
      throw new ValidationError(
        this.errorMessage("invalid_choice", "The value is not a valid choice."),
        "invalid_choice",
        { value },
      );
    }
    if (value === null && !this.null)
      throw new ValidationError(this.errorMessage("null", "This field cannot be null."), "null");
    if (!this.blank && this.isEmptyValue(value))
      throw new ValidationError(this.errorMessage("blank", "This field cannot be blank."), "blank");
  }
  /** Runs the validators on a value that is not empty, and gathers what they say. */
  async runValidators(value: unknown, dialect?: DialectInfo): Promise<void> {
    if (this.isEmptyValue(value)) return;
    const found: ValidationMessage[] = [];
    for (const validator of this.validatorsFor(dialect)) {
      try {
        await validator(value);
      } catch (error) {
        if (!(error instanceof ValidationError)) throw error;
        for (const m of error.errorList) found.push({ ...m, message: this.errorMessage(m.code, m.message) });
      }
    }
    if (found.length > 0) throw new ValidationError(found);
  }
  /** Values that count as "nothing was given". */
  isEmptyValue(value: unknown): boolean {
    if (value === null || value === undefined || value === "") return true;
    if (Array.isArray(value)) return value.length === 0;
    return isPlainObject(value) && Object.keys(value).length === 0;
  }
  /** Equality of a choice as written and a canonical value. */
  protected sameValue(choice: unknown, value: unknown): boolean {
    if (choice === value) return true;
    if (choice === null || choice === undefined || value === null) return false;
    try {
      return valueKey(this.prep(choice)) === valueKey(value);
    } catch {
      return false;
    }
  }
  errorMessage(code: string, fallback: string): string {
    return this.options.errorMessages && Object.hasOwn(this.options.errorMessages, code)
      ? this.options.errorMessages[code]!
      : fallback;
  }

  // ---- choices ------------------------------------------------------------------------------------------------
  /** Choices as flat `[value, label]` pairs; groups are opened. Empty without choices. */
  get flatChoices(): readonly (readonly [unknown, string])[] {
    return flattenChoices(this.options.choices);
  }

  /** How the field was built: its constructor's name and options. */
  deconstruct(): {
    readonly type: string;
    readonly args: readonly unknown[];
    readonly options: Readonly<FieldOptions>;
  } {
    return { type: this.typeName, args: [], options: this.options };
  }

  /** Mistakes in the definition, with Django's ids. */
  check(_dialects: readonly DialectInfo[] = []): CheckMessage[] {
    const out: CheckMessage[] = [];
    const error = (id: string, message: string, hint?: string) =>
      out.push({ id, level: "error", message, hint, object: this.path });
    if (this.name.endsWith("_")) error("fields.E001", "Field names must not end with an underscore.");
    if (this.name.includes("__")) error("fields.E002", 'Field names must not contain "__".');
    if (this.name === "pk" && this.typeName !== "CompositePrimaryKey")
      error("fields.E003", "'pk' is a reserved word that cannot be used as a field name.");
    if (this.primaryKey && this.null)
      error(
        "fields.E007",
        "Primary keys must not have null: true.",
        "Set null: false on the field, or remove primaryKey: true.",
      );
    checkChoices(this, error);
    const { validators } = this.options;
    const wrong = validators === undefined ? -1 : validators.findIndex((v) => typeof v !== "function");
    if (wrong >= 0)
      error("fields.E008", "All 'validators' must be functions.", `validators[${wrong}] is not a function.`);
    return out;
  }
}

/** True for a field made by this package (of whatever copy of it). */
export function isField(value: unknown): value is Field {
  return typeof value === "object" && value !== null && (value as { [FIELD]?: unknown })[FIELD] === true;
}
