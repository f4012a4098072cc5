/**
 * Relations to rows of any model, as data: a key of two columns (content type and object id), and its other side. Content types
 * themselves, accessors and loading stand in `orm/contenttypes`; how the relation is joined, in `meta/relations.ts`.
 */
import type { DbParam, DialectInfo } from "../ast/seams.js";
import { FieldError, ImproperlyConfigured } from "../base/errors.js";
import { refuseUnknown } from "../base/options.js";
import { Field, type CheckMessage, type FieldOptions, type FieldOwner } from "./field.js";
import type { ReverseRelation } from "./relations.js";

/** What both kinds have in common: they are relations, and have no column. */
abstract class GenericField extends Field {
  override readonly isRelation = true;
  readonly isVirtualRelation = true as const;
  constructor(options: FieldOptions) {
    super(options);
    this.concrete = false;
  }
  /** Key under which a loaded value is cached on an instance. */
  get cacheName(): string {
    return this.name;
  }
  override prep(_value: unknown): unknown {
    throw this.noColumn();
  }
  override toDb(_value: unknown, _dialect: DialectInfo): DbParam {
    throw this.noColumn();
  }
  override fromDb(_dialect: DialectInfo): undefined {
    return undefined;
  }
  override dbType(_dialect: DialectInfo): string | null {
    return null;
  }
  private noColumn(): Error {
    return new FieldError(`${this.path} has no column and so no value of its own.`, "relation.no_value", {
      path: this.name,
    });
  }
}

/** Options of `GenericForeignKey`. */
export interface GenericForeignKeyOptions {
  /** Name of the foreign key to the content type. */
  readonly ctField?: string;
  /** Name of the field that holds the object's key. */
  readonly fkField?: string;
  /** A proxy counts as the model behind it (default true). */
  readonly forConcreteModel?: boolean;
  /** Labels of the only models that it may refer to; without it, any. */
  readonly to?: readonly string[];
}
const KEY_OPTIONS: ReadonlySet<string> = new Set(["ctField", "fkField", "forConcreteModel", "to"]);

/** A reference to a row of any model: the content type and the key stand in two other fields of the model. */
export class GenericForeignKey extends GenericField {
  override readonly typeName: string = "GenericForeignKey";
  readonly ctField: string;
  readonly fkField: string;
  readonly forConcreteModel: boolean;
  readonly to: readonly string[] | null;
  /** The models of `to`. Set by the registry. */
  targets: readonly FieldOwner[] | null = null;
  constructor(first: string | GenericForeignKeyOptions = {}, objectId?: string, more: GenericForeignKeyOptions = {}) {
    const options: GenericForeignKeyOptions =
      typeof first === "string"
        ? { ctField: first, ...(objectId === undefined ? {} : { fkField: objectId }), ...more }
        : first;
    super({ editable: false });
    checkOptions("GenericForeignKey", options, KEY_OPTIONS);
    this.ctField = options.ctField ?? "contentType";
    this.fkField = options.fkField ?? "objectId";
    this.forConcreteModel = options.forConcreteModel ?? true;
    if (options.to !== undefined && (!Array.isArray(options.to) || options.to.some((l) => typeof l !== "string")))
      throw new ImproperlyConfigured(
        'GenericForeignKey({ to }) takes a list of labels, such as ["Product", "shop.Order"].',
        "relation.label",
      );
    this.to = options.to ?? null;
  }
  override get ancestry(): readonly string[] {
    return ["GenericForeignKey", "Field"];
  }
  override check(_dialects: readonly DialectInfo[] = []): CheckMessage[] {
    return this.name.endsWith("_")
      ? [
          {
            id: "fields.E001",
            level: "error",
            message: "Field names must not end with an underscore.",
            object: this.path,
          },
        ]
      : [];
  }
}

/** Options of `GenericRelation`. */
export interface GenericRelationOptions extends FieldOptions {
  /** Name of the related model's field that holds the object's key. */
  readonly objectIdField?: string;
  /** Name of the related model's foreign key to the content type. */
  readonly contentTypeField?: string;
  /** A proxy counts as the model behind it (default true). */
  readonly forConcreteModel?: boolean;
  /** Name of this model in paths that start at the related one; without it there is no such path. */
  readonly relatedQueryName?: string;
}

/** The other side of a `GenericForeignKey`: the rows of one model that refer to this object. They are deleted with it. */
export class GenericRelation extends GenericField {
  static override readonly optionNames: readonly string[] = [
    "objectIdField",
    "contentTypeField",
    "forConcreteModel",
    "relatedQueryName",
  ] satisfies readonly (keyof GenericRelationOptions)[];
  override readonly typeName: string = "GenericRelation";
  readonly to: string;
  readonly objectIdField: string;
  readonly contentTypeField: string;
  readonly forConcreteModel: boolean;
  readonly relatedQueryName: string | undefined;
  /** A copy that a child or proxy got from its base: it has no name on the other side. */
  inherited = false;
  // Set by the registry:
  related!: FieldOwner;
  reverse!: ReverseRelation;

  constructor(to: string, options: GenericRelationOptions = {}) {
    super({ ...options, blank: true, editable: false });
    if (typeof to !== "string" || to === "")
      throw new ImproperlyConfigured(
        'A relation names its model by label, such as "Tag" or "shop.Tag".',
        "relation.label",
      );
    this.to = to;
    this.objectIdField = options.objectIdField ?? "objectId";
    this.contentTypeField = options.contentTypeField ?? "contentType";
    this.forConcreteModel = options.forConcreteModel ?? true;
    this.relatedQueryName = options.relatedQueryName;
  }
  override get ancestry(): readonly string[] {
    return ["GenericRelation", "ForeignObject", "RelatedField", "Field"];
  }
}

/** True for both kinds. */
export function isGeneric(field: unknown): field is GenericForeignKey | GenericRelation {
  return field instanceof GenericForeignKey || field instanceof GenericRelation;
}

function checkOptions(name: string, options: object, allowed: ReadonlySet<string>): void {
  refuseUnknown(`${name}()`, options, [...allowed], (text) => new ImproperlyConfigured(text, "field.options"));
}
