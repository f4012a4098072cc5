/**
 * Constraints of `Meta.constraints` as data: unique, check and exclusion constraints. What they become in a database
 * stands in `schema`; here is no SQL and nothing is resolved.
 */
import { optionNames, unknownOption } from "../base/options.js";
import { QueryTypeError, ValueError } from "../base/errors.js";
import { isExpression } from "../expressions/expression.js";
import { Q } from "../expressions/q.js";
import { type Callable, callable } from "../fields/factories.js";

/** Brand of everything that may stand in `Meta.constraints`. */
export const CONSTRAINT: unique symbol = Symbol.for("babik.constraint");

/** When a constraint is looked at: at the end of the transaction, or at once unless `SET CONSTRAINTS` says otherwise. */
export type DeferrableOption = "deferred" | "immediate";
/**
 * `deferrable: Deferrable.DEFERRED`.
 * Django: https://docs.djangoproject.com/en/stable/ref/models/constraints/#deferrable
 */
export const Deferrable = Object.freeze({ DEFERRED: "deferred", IMMEDIATE: "immediate" } as const);

/** What of a model names are made with. */
export interface NamedModel {
  readonly appLabel: string;
  readonly modelName: string;
}
/** `%(app_label)s` and `%(class)s` in a name, as names of abstract models need them. */
export function fillName(name: string, model: NamedModel): string {
  return name
    .replaceAll("%(app_label)s", model.appLabel.toLowerCase())
    .replaceAll("%(class)s", model.modelName.toLowerCase());
}

/** Options that all constraints take. */
export interface ConstraintOptions {
  readonly name: string;
  readonly violationErrorCode?: string;
  readonly violationErrorMessage?: string;
}

/** Reads a condition: a Q, a boolean expression, or an object of conditions. */
export function readCondition(owner: string, condition: unknown): object | null {
  if (condition === undefined || condition === null) return null;
  if (condition instanceof Q || isExpression(condition)) return condition;
  if (typeof condition === "object" && !Array.isArray(condition)) return new Q(condition);
  throw new QueryTypeError(
    `${owner}.condition is a Q, a boolean expression or an object such as { price__gt: 0 }.`,
    "constraint.condition",
  );
}
/** Reads a list of names of fields. */
export function readNames(owner: string, option: string, value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.some((v) => typeof v !== "string"))
    throw new QueryTypeError(`${owner}.${option} is a list of names.`, "constraint.names");
  return Object.freeze([...(value as string[])]);
}
const WORD = /^[A-Za-z_][\w.]*$/;
/** Reads operator classes. They stand in the statement as they are, so only words pass. */
export function readOpclasses(owner: string, value: unknown): readonly string[] {
  const words = readNames(owner, "opclasses", value);
  if (words.some((w) => !WORD.test(w)))
    throw new ValueError(`${owner}.opclasses is a list of words such as "text_pattern_ops".`, "constraint.opclass");
  return words;
}
export function readDeferrable(owner: string, value: unknown): DeferrableOption | null {
  if (value === undefined || value === null) return null;
  const known = typeof value === "string" ? value.toLowerCase() : value;
  if (known === "deferred" || known === "immediate") return known;
  throw new QueryTypeError(
    `${owner}.deferrable is Deferrable.DEFERRED or Deferrable.IMMEDIATE.`,
    "constraint.deferrable",
  );
}
/** Splits `Index(Lower("name"), { name: "…" })` into expressions and options. */
export function splitArguments(owner: string, args: readonly unknown[]): [unknown[], Record<string, unknown>] {
  const list = [...args];
  const last = list.at(-1);
  const isOptions =
    typeof last === "object" && last !== null && Object.getPrototypeOf(last) === Object.prototype && !isOpClass(last);
  const options = isOptions ? (list.pop() as Record<string, unknown>) : {};
  for (const [key, value] of Object.entries(options))
    if (value === undefined) throw new ValueError(`${owner}.${key} is undefined; leave it out.`, "value.undefined");
  const named = options["expressions"];
  if (Array.isArray(named)) list.push(...(named as unknown[]));
  for (const e of list)
    if (typeof e !== "string" && !isExpression(e) && !isOpClass(e) && !(e instanceof Q))
      throw new QueryTypeError(
        `${owner} takes expressions, names of fields, and one object of options.`,
        "constraint.expression",
      );
  return [list, options];
}

/** What all constraints share. */
export abstract class BaseConstraint {
  readonly [CONSTRAINT] = true as const;
  abstract readonly typeName: string;
  readonly name: string;
  readonly violationErrorCode: string | undefined;
  readonly violationErrorMessage: string | undefined;
  protected readonly given: Readonly<Record<string, unknown>>;

  /** The options that the class takes beside those of the classes it extends. */
  static readonly optionNames: readonly string[] = [
    "name",
    "violationErrorCode",
    "violationErrorMessage",
  ] satisfies readonly (keyof ConstraintOptions)[];

  constructor(owner: string, options: Readonly<Record<string, unknown>>) {
    const unknown = unknownOption(owner, options, optionNames(new.target));
    if (unknown !== undefined) throw new QueryTypeError(unknown, "options.unknown");
    const name = options["name"];
    if (typeof name !== "string" || name === "")
      throw new ValueError(`A ${owner} needs a name, such as { name: "price_positive" }.`, "constraint.name");
    this.name = name;
    this.violationErrorCode = options["violationErrorCode"] as string | undefined;
    this.violationErrorMessage = options["violationErrorMessage"] as string | undefined;
    this.given = Object.freeze({ ...options });
  }
  /** The name on a model: abstract models leave places for the app and the class. */
  nameFor(model: NamedModel): string {
    return fillName(this.name, model);
  }
  /** How the constraint was built. */
  deconstruct(): {
    readonly type: string;
    readonly args: readonly unknown[];
    readonly options: Readonly<Record<string, unknown>>;
  } {
    return { type: this.typeName, args: [], options: this.given };
  }
}

/** Options of CheckConstraint. */
export interface CheckConstraintOptions extends ConstraintOptions {
  readonly condition: object;
}
class CheckConstraintClass extends BaseConstraint {
  static override readonly optionNames: readonly string[] = [
    "condition",
  ] satisfies readonly (keyof CheckConstraintOptions)[];
  override readonly typeName = "CheckConstraint";
  readonly condition: object;
  constructor(options: CheckConstraintOptions) {
    super("CheckConstraint", options as unknown as Record<string, unknown>);
    const condition = readCondition("CheckConstraint", options.condition);
    if (condition === null)
      throw new QueryTypeError(
        "CheckConstraint needs a condition: a Q, a boolean expression or an object such as { price__gt: 0 }.",
        "constraint.condition",
      );
    this.condition = condition;
  }
}

/** Options of UniqueConstraint. */
export interface UniqueConstraintOptions extends ConstraintOptions {
  readonly fields?: readonly string[];
  readonly expressions?: readonly unknown[];
  readonly condition?: object;
  readonly include?: readonly string[];
  readonly opclasses?: readonly string[];
  readonly deferrable?: DeferrableOption;
  readonly nullsDistinct?: boolean;
}
class UniqueConstraintClass extends BaseConstraint {
  static override readonly optionNames: readonly string[] = [
    "fields",
    "expressions",
    "condition",
    "include",
    "opclasses",
    "deferrable",
    "nullsDistinct",
  ] satisfies readonly (keyof UniqueConstraintOptions)[];
  override readonly typeName = "UniqueConstraint";
  readonly fields: readonly string[];
  readonly expressions: readonly unknown[];
  readonly condition: object | null;
  readonly include: readonly string[];
  readonly opclasses: readonly string[];
  readonly deferrable: DeferrableOption | null;
  readonly nullsDistinct: boolean | null;

  constructor(...args: unknown[]) {
    const [expressions, o] = splitArguments("UniqueConstraint", args);
    super("UniqueConstraint", o);
    this.expressions = Object.freeze(expressions);
    this.fields = readNames("UniqueConstraint", "fields", o["fields"]);
    this.condition = readCondition("UniqueConstraint", o["condition"]);
    this.include = readNames("UniqueConstraint", "include", o["include"]);
    this.opclasses = readOpclasses("UniqueConstraint", o["opclasses"]);
    this.deferrable = readDeferrable("UniqueConstraint", o["deferrable"]);
    const nulls = o["nullsDistinct"] ?? null;
    if (nulls !== null && typeof nulls !== "boolean")
      throw new QueryTypeError("UniqueConstraint.nullsDistinct is true or false.", "constraint.nulls_distinct");
    this.nullsDistinct = nulls;
    this.refuseMixtures();
  }
  private refuseMixtures(): void {
    const refuse = (message: string): never => {
      throw new ValueError(message, "constraint.options");
    };
    if (this.expressions.length === 0 && this.fields.length === 0)
      refuse("At least one field or expression is required to define a unique constraint.");
    if (this.expressions.length > 0 && this.fields.length > 0)
      refuse("UniqueConstraint.fields and expressions are mutually exclusive.");
    if (this.opclasses.length > 0 && this.expressions.length > 0)
      refuse("UniqueConstraint.opclasses cannot be used with expressions. Use OpClass() instead.");
    if (this.opclasses.length > 0 && this.opclasses.length !== this.fields.length)
      refuse("UniqueConstraint.fields and UniqueConstraint.opclasses must have the same number of elements.");
    if (this.deferrable === null) return;
    const what =
      this.condition !== null
        ? "conditions"
        : this.include.length > 0
          ? "include fields"
          : this.opclasses.length > 0
            ? "opclasses"
            : this.expressions.length > 0
              ? "expressions"
              : null;
    if (what !== null) refuse(`UniqueConstraint with ${what} cannot be deferred.`);
  }
  override deconstruct() {
    return {
      type: this.typeName,
      args: this.given["expressions"] === undefined ? this.expressions : [],
      options: this.given,
    };
  }
}

/** Options of ExclusionConstraint. */
export interface ExclusionConstraintOptions extends ConstraintOptions {
  /** Pairs of a name or expression and the operator that no two rows may satisfy together. */
  readonly expressions: readonly (readonly [unknown, string])[];
  readonly indexType?: "GIST" | "SPGIST" | "HASH";
  readonly condition?: object;
  readonly include?: readonly string[];
  readonly deferrable?: DeferrableOption;
}
class ExclusionConstraintClass extends BaseConstraint {
  static override readonly optionNames: readonly string[] = [
    "expressions",
    "indexType",
    "condition",
    "include",
    "deferrable",
  ] satisfies readonly (keyof ExclusionConstraintOptions)[];
  override readonly typeName = "ExclusionConstraint";
  readonly expressions: readonly (readonly [unknown, string])[];
  readonly indexType: string;
  readonly condition: object | null;
  readonly include: readonly string[];
  readonly deferrable: DeferrableOption | null;

  constructor(options: ExclusionConstraintOptions) {
    super("ExclusionConstraint", options as unknown as Record<string, unknown>);
    const type = (options.indexType ?? "GIST").toUpperCase();
    if (!["GIST", "SPGIST", "HASH"].includes(type))
      throw new ValueError(
        "Exclusion constraints only support GiST, Hash, or SP-GiST indexes.",
        "constraint.index_type",
      );
    this.indexType = type;
    const pairs: unknown = options.expressions;
    if (!Array.isArray(pairs) || pairs.length === 0)
      throw new ValueError(
        "At least one expression is required to define an exclusion constraint.",
        "constraint.expressions",
      );
    if (pairs.some((p) => !Array.isArray(p) || p.length !== 2 || typeof p[1] !== "string"))
      throw new ValueError(
        'ExclusionConstraint.expressions is a list of pairs such as ["room", "="].',
        "constraint.expressions",
      );
    // Operators stand in the statement as they are.
    if ((pairs as [unknown, string][]).some(([, op]) => !/^[-+*/<>=~!@#%^&|`?]+$/.test(op)))
      throw new ValueError(
        "An operator of an ExclusionConstraint is made of the characters + - * / < > = ~ ! @ # % ^ & | ` ?.",
        "constraint.operator",
      );
    this.expressions = Object.freeze([...(pairs as [unknown, string][])]);
    this.condition = readCondition("ExclusionConstraint", options.condition);
    this.include = readNames("ExclusionConstraint", "include", options.include);
    this.deferrable = readDeferrable("ExclusionConstraint", options.deferrable);
  }
}

const OPCLASS: unique symbol = Symbol.for("babik.opclass");
/** An expression of an index with its operator class (PostgreSQL). */
export interface OpClassExpression {
  readonly [OPCLASS]: true;
  readonly expression: unknown;
  readonly name: string;
}
/**
 * An expression of an index with the operator class by which it is ordered (PostgreSQL).
 * @example Index(OpClass(Lower("title"), { name: "text_pattern_ops" }), { name: "title_like" })
 * Django: https://docs.djangoproject.com/en/stable/ref/contrib/postgres/indexes/#opclass-expressions
 */
export function OpClass(expression: unknown, options: { readonly name: string }): OpClassExpression {
  if (typeof options?.name !== "string" || !WORD.test(options.name))
    throw new ValueError('OpClass() takes { name } with a word such as "text_pattern_ops".', "constraint.opclass");
  return Object.freeze({ [OPCLASS]: true as const, expression, name: options.name });
}
export function isOpClass(value: unknown): value is OpClassExpression {
  return typeof value === "object" && value !== null && (value as { [OPCLASS]?: unknown })[OPCLASS] === true;
}
/** True for a constraint made by this package. */
export function isConstraint(value: unknown): value is BaseConstraint {
  return typeof value === "object" && value !== null && (value as { [CONSTRAINT]?: unknown })[CONSTRAINT] === true;
}

/**
 * A condition that every row satisfies: `CheckConstraint({ condition: Q({ price__gt: 0 }), name: "price_positive" })`
 * gives `CONSTRAINT "price_positive" CHECK ("price" > 0)`.
 * @throws ValueError, QueryTypeError for options that cannot be used
 * Django: https://docs.djangoproject.com/en/stable/ref/models/constraints/#checkconstraint
 */
export const CheckConstraint: Callable<typeof CheckConstraintClass> = callable(CheckConstraintClass);
export type CheckConstraint = CheckConstraintClass;
/**
 * Values that no two rows share: `UniqueConstraint({ fields: ["room", "date"], name: "one_booking" })`, or over expressions:
 * `UniqueConstraint(Lower("name").desc(), "category", { name: "unique_lower_name" })`.
 * Django: https://docs.djangoproject.com/en/stable/ref/models/constraints/#uniqueconstraint
 */
export const UniqueConstraint: Callable<typeof UniqueConstraintClass> = callable(UniqueConstraintClass);
export type UniqueConstraint = UniqueConstraintClass;
/**
 * No two rows satisfy all operators together (PostgreSQL):
 * `ExclusionConstraint({ name: "no_overlap", expressions: [["timespan", "&&"], ["room", "="]] })`.
 * Django: https://docs.djangoproject.com/en/stable/ref/contrib/postgres/constraints/#exclusionconstraint
 */
export const ExclusionConstraint: Callable<typeof ExclusionConstraintClass> = callable(ExclusionConstraintClass);
export type ExclusionConstraint = ExclusionConstraintClass;
