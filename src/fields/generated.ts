/**
 * GeneratedField, which the database computes, and CompositePrimaryKey, which is several columns seen as one.
 */
import type { DbParam, DialectInfo, ValueType } from "../ast/seams.js";
import { FieldError, ImproperlyConfigured } from "../base/errors.js";
import { Field, isField, type CheckMessage, type FieldOptions, type FieldOwner } from "./field.js";
import { wrongType, wrongValue } from "./refusals.js";

/** Options of GeneratedField. */
export interface GeneratedOptions extends FieldOptions {
  /** What the database computes, over fields of the same row. */
  readonly expression: unknown;
  /** The type of the values. */
  readonly outputField: Field;
  /** Stored in the row (true), or computed when read (false). */
  readonly dbPersist: boolean;
}

/** A column that the database computes from others of its row. Its values are those of `outputField`. */
export class GeneratedField extends Field {
  static override readonly optionNames: readonly string[] = [
    "expression",
    "outputField",
    "dbPersist",
  ] satisfies readonly (keyof GeneratedOptions)[];
  override readonly typeName: string = "GeneratedField";
  override readonly generated = true;
  readonly expression: unknown;
  readonly outputField: Field;
  readonly dbPersist: boolean;

  constructor(options: GeneratedOptions) {
    if (options?.expression === undefined)
      throw new ImproperlyConfigured("GeneratedField needs an expression.", "field.expression");
    if (!isField(options.outputField))
      throw new ImproperlyConfigured("GeneratedField needs an outputField, such as IntegerField().", "field.output");
    if (typeof options.dbPersist !== "boolean")
      throw new ImproperlyConfigured("GeneratedField.dbPersist must be true or false.", "field.db_persist");
    for (const name of ["default", "dbDefault"] as const)
      if (Object.hasOwn(options, name))
        throw new ImproperlyConfigured(`GeneratedField cannot have a '${name}'.`, "field.options");
    if (options.editable) throw new ImproperlyConfigured("GeneratedField cannot be editable.", "field.options");
    if (options.blank === false) throw new ImproperlyConfigured("GeneratedField must be blank.", "field.options");
    super({ ...options, editable: false, blank: true });
    this.expression = options.expression;
    this.outputField = options.outputField;
    this.dbPersist = options.dbPersist;
  }
  override get ancestry(): readonly string[] {
    return ["GeneratedField", ...this.outputField.ancestry];
  }
  protected override makeTypeKey(): string {
    return `Generated:${this.outputField.typeKey}`;
  }
  override get needsBigInt(): boolean {
    return this.outputField.needsBigInt;
  }
  override get scale(): number | undefined {
    return this.outputField.scale;
  }
  override get digits(): number | undefined {
    return this.outputField.digits;
  }
  override get member(): ValueType | undefined {
    return this.outputField.member;
  }
  // Those who read a type by its ancestry expect the members of that type.
  /** `range` of an integer output field. */
  range(dialect?: DialectInfo): unknown {
    return (this.outputField as { range?(d?: DialectInfo): unknown }).range?.(dialect);
  }
  /** `widest` of an integer output field. */
  get widest(): unknown {
    return (this.outputField as { widest?: unknown }).widest;
  }
  /** `exactText` of a decimal output field. */
  get exactText(): boolean {
    return (this.outputField as { exactText?: boolean }).exactText ?? false;
  }
  /** `precision` of an output field of moments. */
  get precision(): number | undefined {
    return (this.outputField as { precision?: number }).precision;
  }
  override bind(owner: FieldOwner, name: string, column: string): void {
    super.bind(owner, name, column);
    // Messages of the inner type then name this field.
    this.outputField.bind(owner, name, column);
  }
  override clone(): Field {
    const copy = super.clone();
    (copy as unknown as { outputField: Field }).outputField = this.outputField.clone();
    return copy;
  }
  override prep(value: unknown): unknown {
    return this.outputField.prep(value);
  }
  override toDb(value: unknown, dialect: DialectInfo): DbParam {
    return this.outputField.toDb(value, dialect);
  }
  override fromDb(dialect: DialectInfo): ((value: unknown) => unknown) | undefined {
    return this.outputField.fromDb(dialect);
  }
  override dbType(dialect: DialectInfo): string | null {
    return this.outputField.dbType(dialect);
  }
  override relDbType(dialect: DialectInfo): string | null {
    return this.outputField.relDbType(dialect);
  }
  override castType(dialect: DialectInfo): string {
    return this.outputField.castType(dialect);
  }
  override toJson(value: unknown): unknown {
    return this.outputField.toJson(value);
  }
  override fromJson(value: unknown): unknown {
    return this.outputField.fromJson(value);
  }
  override check(dialects: readonly DialectInfo[] = []): CheckMessage[] {
    const out = super.check(dialects);
    const error = (id: string, message: string, hint?: string) =>
      out.push({ id, level: "error", message, hint, object: this.path });
    if (this.dbPersist === false && dialects.some((d) => d.name === "postgres" && (d.version[0] ?? 0) < 18))
      error(
        "fields.E221",
        "PostgreSQL before 18 does not support non-persisted GeneratedFields.",
        "Set dbPersist: true on the field.",
      );
    const inner = this.outputField.check(dialects).filter((m) => !/^fields\.E00[1237]$/.test(m.id));
    if (inner.some((m) => m.level === "error"))
      error(
        "fields.E223",
        `GeneratedField.outputField has errors: ${inner.map((m) => `${m.message} (${m.id})`).join(" ")}`,
      );
    return out;
  }
}

/** Several columns of a row that are its key together; `pk` is then the list of their values. */
export class CompositePrimaryKey extends Field {
  override readonly typeName: string = "CompositePrimaryKey";
  readonly names: readonly string[];
  /** Set by the registry, in the order of `names`. */
  fields: Field[] = [];

  constructor(...names: string[]) {
    super({ primaryKey: true, editable: false, blank: true });
    if (names.length < 2)
      throw new ImproperlyConfigured("CompositePrimaryKey must include at least two fields.", "field.composite");
    if (names.some((n) => typeof n !== "string"))
      throw new ImproperlyConfigured("CompositePrimaryKey takes names of fields.", "field.composite");
    if (new Set(names).size !== names.length)
      throw new ImproperlyConfigured("CompositePrimaryKey must include unique fields only.", "field.composite");
    this.names = Object.freeze([...names]);
    this.concrete = false;
  }
  // Each column of the key repeats; only together are they unique, which the primary key sees to.
  override readonly unique: boolean = true;
  override prep(value: unknown): unknown {
    if (!Array.isArray(value))
      throw wrongType(this, value, `lists of ${this.names.length} values (${this.names.join(", ")})`);
    if (value.length !== this.names.length)
      throw wrongValue(
        this,
        `a list of ${value.length} values`,
        `${this.names.length}: ${this.names.join(", ")}`,
        "value.length",
      );
    return value.map((v: unknown, i) => (v === null ? null : (this.fields[i]?.prep(v) ?? v)));
  }
  override preSave(instance: Record<string, unknown>): unknown {
    return this.fields.map((f) => instance[f.attname]);
  }
  override toDb(_value: unknown, _dialect: DialectInfo): DbParam {
    throw new FieldError(`${this.path} is several columns and has no database value of its own.`, "field.composite");
  }
  override fromDb(_dialect: DialectInfo): undefined {
    return undefined;
  }
  override dbType(_dialect: DialectInfo): string | null {
    return null;
  }
  override deconstruct() {
    return { type: this.typeName, args: this.names, options: {} };
  }
}
