/**
 * Relations as data: ForeignKey, OneToOneField, ManyToManyField and their reverse sides. Labels are strings; the
 * registry (`meta/registry.ts`) resolves them and fills what is marked "set by the registry". No behaviour of
 * accessors and no SQL stands here.
 */
import type { DbParam, DialectInfo } from "../ast/seams.js";
import { FieldError, ImproperlyConfigured } from "../base/errors.js";
import { Field, type CheckMessage, type FieldOptions, type FieldOwner } from "./field.js";

/** What happens to rows that refer to a deleted row. The handlers stand in `orm/deletion.ts`. */
export interface OnDelete {
  readonly action:
    | "cascade"
    | "protect"
    | "restrict"
    | "setNull"
    | "setDefault"
    | "set"
    | "doNothing"
    | "dbCascade"
    | "dbSetNull"
    | "dbSetDefault";
  /** Value, or maker of the value, of `SET(value)`. */
  readonly value?: unknown;
}

/** Options of relations to one row. */
export interface RelationOptions extends FieldOptions {
  readonly onDelete: OnDelete;
  readonly relatedName?: string;
  readonly relatedQueryName?: string;
  readonly toField?: string;
  readonly limitChoicesTo?: unknown;
  readonly dbConstraint?: boolean;
  readonly parentLink?: boolean;
  readonly swappable?: boolean;
}

/** The other side of a relation field: what the target model sees. */
export class ReverseRelation {
  readonly isRelation = true as const;
  readonly concrete = false as const;
  readonly field: ForeignObject | ManyToManyField | VirtualRelation;
  /** The model this relation is seen from (the field's target). Set by the registry. */
  model!: FieldOwner;
  /** The model the field stands on. Set by the registry. */
  relatedModel!: FieldOwner;
  /** Name in paths: `Category.objects.filter({ products__price__lt: 3 })`. */
  queryName = "";
  /** Name of the accessor on instances, `null` when hidden (`relatedName: "+"`). */
  accessorName: string | null = null;
  readonly kind: "manyToOne" | "oneToOne" | "manyToMany";
  constructor(field: ForeignObject | ManyToManyField | VirtualRelation, kind: "manyToOne" | "oneToOne" | "manyToMany") {
    this.field = field;
    this.kind = kind;
  }
  get name(): string {
    return this.queryName;
  }
  /** Several rows may stand on the other side. */
  get multiple(): boolean {
    return this.kind !== "oneToOne";
  }
  get hidden(): boolean {
    return this.accessorName === null;
  }
  /** Key under which a loaded value is cached on an instance. */
  get cacheName(): string {
    return this.accessorName ?? this.queryName;
  }
}

/** A relation without a column or a foreign key: a generic relation (`fields/generic.ts`). */
export interface VirtualRelation extends Field {
  readonly isVirtualRelation: true;
}

/** A relation over one or more pairs of columns; ForeignKey is the one-column kind. */
export class ForeignObject extends Field {
  static override readonly optionNames: readonly string[] = [
    "onDelete",
    "relatedName",
    "relatedQueryName",
    "toField",
    "limitChoicesTo",
    "dbConstraint",
    "parentLink",
    "swappable",
  ] satisfies readonly (keyof RelationOptions)[];
  override readonly typeName: string = "ForeignObject";
  override readonly isRelation = true;
  readonly to: string;
  readonly onDelete: OnDelete;
  readonly relOptions: RelationOptions;
  readonly multiple: boolean = true;
  /** Names of the joined fields on both sides; `toFieldNames` may hold `null` for "the target's key". */
  fromFieldNames: readonly string[];
  toFieldNames: readonly (string | null)[];
  // Set by the registry:
  related!: FieldOwner;
  fromFields: Field[] = [];
  toFields: Field[] = [];
  reverse!: ReverseRelation;

  constructor(to: string, options: RelationOptions, from: readonly string[], target: readonly (string | null)[]) {
    super(options);
    if (typeof to !== "string" || to === "")
      throw new ImproperlyConfigured(
        'A relation names its model by label, such as "Category" or "shop.Category".',
        "relation.label",
      );
    if (options.onDelete === undefined || typeof options.onDelete.action !== "string")
      throw new ImproperlyConfigured(
        `The relation to '${to}' needs onDelete, such as { onDelete: CASCADE }.`,
        "relation.on_delete",
      );
    this.to = to;
    this.relOptions = options;
    this.onDelete = options.onDelete;
    this.fromFieldNames = from;
    this.toFieldNames = target;
    this.concrete = false;
  }
  get dbConstraint(): boolean {
    return this.relOptions.dbConstraint ?? true;
  }
  get parentLink(): boolean {
    return this.relOptions.parentLink ?? false;
  }
  /** Key under which a loaded value is cached on an instance. */
  get cacheName(): string {
    return this.name;
  }
  override get ancestry(): readonly string[] {
    return ["ForeignObject", "RelatedField", "Field"];
  }
  override prep(_value: unknown): unknown {
    throw new FieldError(`${this.path} joins several columns and has no value of its own.`, "relation.no_value");
  }
  override toDb(_value: unknown, _dialect: DialectInfo): DbParam {
    throw new FieldError(`${this.path} joins several columns and has no value of its own.`, "relation.no_value");
  }
  override fromDb(_dialect: DialectInfo): undefined {
    return undefined;
  }
  override dbType(_dialect: DialectInfo): string | null {
    return null;
  }
  override check(dialects: readonly DialectInfo[] = []): CheckMessage[] {
    const out = super.check(dialects);
    const error = (id: string, message: string, hint?: string) =>
      out.push({ id, level: "error", message, hint, object: this.path });
    if (this.onDelete.action === "setNull" && !this.null)
      error(
        "fields.E320",
        "Field specifies onDelete: SET_NULL, but cannot be null.",
        "Set null: true on the field, or change the onDelete rule.",
      );
    if (this.onDelete.action === "setDefault" && !this.hasDefault())
      error(
        "fields.E321",
        "Field specifies onDelete: SET_DEFAULT, but has no default value.",
        "Set a default value, or change the onDelete rule.",
      );
    const name = this.relOptions.relatedName;
    if (name !== undefined && name !== "+" && !name.endsWith("+") && !/^[A-Za-z_$][\w$]*$/.test(name))
      error(
        "fields.E306",
        `The name '${name}' is not a valid relatedName for field ${this.path}.`,
        "A relatedName must be an identifier or end with '+'.",
      );
    return out;
  }
}

/** A column that holds the key of one row of another model (many to one). */
export class ForeignKey extends ForeignObject {
  override readonly typeName: string = "ForeignKey";
  override readonly dbIndex: boolean;
  constructor(to: string, options: RelationOptions) {
    super(to, options, ["self"], [options?.toField ?? null]);
    this.concrete = true;
    this.dbIndex = options.dbIndex ?? true;
  }
  /** The field of the target that the column holds. */
  get target(): Field {
    return this.toFields[0]!;
  }
  override bind(owner: FieldOwner, name: string, column: string): void {
    super.bind(owner, name, column);
    this.attname = `${name}Id`;
    this.column = this.options.dbColumn ?? `${column}_id`;
  }
  override get ancestry(): readonly string[] {
    return ["ForeignKey", "ForeignObject", "RelatedField", "Field"];
  }
  override get needsBigInt(): boolean {
    return this.target.needsBigInt;
  }
  override get scale(): number | undefined {
    return this.toFields[0]?.scale;
  }
  override get digits(): number | undefined {
    return this.toFields[0]?.digits;
  }
  override toJson(value: unknown): unknown {
    return this.target.toJson(value);
  }
  override fromJson(value: unknown): unknown {
    return this.target.fromJson(value);
  }
  protected override makeTypeKey(): string {
    return `FK:${this.target.typeKey}`;
  }
  override prep(value: unknown): unknown {
    return this.target.prep(value);
  }
  override toDb(value: unknown, dialect: DialectInfo): DbParam {
    return this.target.toDb(value, dialect);
  }
  override fromDb(dialect: DialectInfo): undefined {
    return this.target.fromDb(dialect) as undefined;
  }
  override dbType(dialect: DialectInfo): string | null {
    return this.target.relDbType(dialect);
  }
  override castType(dialect: DialectInfo): string {
    return this.target.castType(dialect);
  }
  override getDefault(): unknown {
    return this.hasDefault() ? super.getDefault() : null;
  }
}

/** A foreign key whose values are unique: one row on each side. */
export class OneToOneField extends ForeignKey {
  override readonly typeName: string = "OneToOneField";
  override readonly unique = true;
  override readonly multiple = false;
  override get ancestry(): readonly string[] {
    return ["OneToOneField", "ForeignKey", "ForeignObject", "RelatedField", "Field"];
  }
}

/** Options of ManyToManyField. */
export interface ManyToManyOptions extends FieldOptions {
  readonly relatedName?: string;
  readonly relatedQueryName?: string;
  readonly through?: string;
  readonly throughFields?: readonly [string, string];
  readonly symmetrical?: boolean;
  readonly dbTable?: string;
  readonly dbConstraint?: boolean;
  readonly limitChoicesTo?: unknown;
  readonly swappable?: boolean;
}

/** Rows of two models related through a table of pairs. It has no column of its own. */
export class ManyToManyField extends Field {
  static override readonly optionNames: readonly string[] = [
    "relatedName",
    "relatedQueryName",
    "through",
    "throughFields",
    "symmetrical",
    "dbTable",
    "dbConstraint",
    "limitChoicesTo",
    "swappable",
  ] satisfies readonly (keyof ManyToManyOptions)[];
  override readonly typeName: string = "ManyToManyField";
  override readonly isRelation = true;
  readonly to: string;
  readonly relOptions: ManyToManyOptions;
  // Set by the registry:
  related!: FieldOwner;
  reverse!: ReverseRelation;
  through!: FieldOwner;
  /** True when babik made the through model itself. */
  throughAuto = false;
  /** The through model's foreign keys to this model and to the target. */
  sourceField!: ForeignKey;
  targetField!: ForeignKey;
  symmetrical = false;

  constructor(to: string, options: ManyToManyOptions = {}) {
    super(options);
    if (typeof to !== "string" || to === "")
      throw new ImproperlyConfigured(
        'A relation names its model by label, such as "Tag" or "shop.Tag".',
        "relation.label",
      );
    this.to = to;
    this.relOptions = options;
    this.concrete = false;
  }
  get cacheName(): string {
    return this.name;
  }
  override get ancestry(): readonly string[] {
    return ["ManyToManyField", "RelatedField", "Field"];
  }
  override prep(value: unknown): unknown {
    return value;
  }
  override toDb(_value: unknown, _dialect: DialectInfo): DbParam {
    throw new FieldError(`${this.path} has no column; use its related manager.`, "relation.no_value");
  }
  override fromDb(_dialect: DialectInfo): undefined {
    return undefined;
  }
  override dbType(_dialect: DialectInfo): string | null {
    return null;
  }
}

/** Deletes the rows that refer to a deleted row. */
export const CASCADE: OnDelete = Object.freeze({ action: "cascade" });
/** Refuses to delete a row that is referred to. */
export const PROTECT: OnDelete = Object.freeze({ action: "protect" });
/** Refuses too, unless the referring row is deleted by another cascade of the same deletion. */
export const RESTRICT: OnDelete = Object.freeze({ action: "restrict" });
/** Sets the reference to NULL. */
export const SET_NULL: OnDelete = Object.freeze({ action: "setNull" });
/** Sets the reference to its default. */
export const SET_DEFAULT: OnDelete = Object.freeze({ action: "setDefault" });
/** Leaves the reference to the database. */
export const DO_NOTHING: OnDelete = Object.freeze({ action: "doNothing" });
/** Deletes referring rows in the database itself. */
export const DB_CASCADE: OnDelete = Object.freeze({ action: "dbCascade" });
/** Sets NULL in the database itself. */
export const DB_SET_NULL: OnDelete = Object.freeze({ action: "dbSetNull" });
/** Sets the default in the database itself. */
export const DB_SET_DEFAULT: OnDelete = Object.freeze({ action: "dbSetDefault" });
/** `onDelete: SET(value)` or `SET(() => value)`. */
export function SET(value: unknown): OnDelete {
  return Object.freeze({ action: "set" as const, value });
}
