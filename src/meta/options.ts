/**
 * What is known of one model: names, fields, inheritance, ordering. Filled by the registry when all labels are known. It must
 * not know queries, SQL text or the classes users write.
 */
import { FieldDoesNotExist, suggest } from "../base/errors.js";
import type { LateValue } from "../ast/seams.js";
import type { Field, FieldOwner } from "../fields/field.js";
import type { GenericForeignKey } from "../fields/generic.js";
import type { ForeignObject } from "../fields/relations.js";
import { ManyToManyField, ReverseRelation, type ForeignKey, type OneToOneField } from "../fields/relations.js";

/** Meta options as users write them. */
export interface MetaOptions {
  readonly appLabel?: string;
  readonly dbTable?: string;
  readonly dbTableComment?: string;
  readonly ordering?: readonly unknown[];
  readonly orderWithRespectTo?: string;
  readonly getLatestBy?: string | readonly string[];
  readonly indexes?: readonly unknown[];
  readonly constraints?: readonly unknown[];
  readonly uniqueTogether?: readonly (readonly string[])[] | readonly string[];
  readonly managed?: boolean;
  readonly abstract?: boolean;
  readonly proxy?: boolean;
  readonly swappable?: string;
  readonly swapped?: boolean;
  readonly selectOnSave?: boolean;
  readonly defaultRelatedName?: string;
  readonly defaultManagerName?: string;
  readonly baseManagerName?: string;
  readonly managers?: Readonly<Record<string, unknown>>;
  readonly verboseName?: string;
  readonly verboseNamePlural?: string;
  readonly requiredDbVendor?: string;
  readonly requiredDbFeatures?: readonly string[];
  readonly bases?: readonly unknown[];
  readonly dbTablespace?: string;
  // Taken over with models of Django, for whoever reads them; they say nothing to queries and tables.
  readonly permissions?: readonly unknown[];
  readonly defaultPermissions?: readonly string[];
}
/** Names of the options in `Meta`. */
export const META_OPTIONS = [
  "appLabel",
  "dbTable",
  "dbTableComment",
  "ordering",
  "orderWithRespectTo",
  "getLatestBy",
  "indexes",
  "constraints",
  "uniqueTogether",
  "managed",
  "abstract",
  "proxy",
  "swappable",
  "swapped",
  "selectOnSave",
  "defaultRelatedName",
  "defaultManagerName",
  "baseManagerName",
  "managers",
  "verboseName",
  "verboseNamePlural",
  "requiredDbVendor",
  "requiredDbFeatures",
  "bases",
  "dbTablespace",
  "permissions",
  "defaultPermissions",
] as const satisfies readonly (keyof MetaOptions)[];

/** What a name in a path may stand for on a model. */
export type MetaField = Field | ReverseRelation;

export class ModelMeta implements FieldOwner {
  readonly appLabel: string;
  /** Class name, e.g. `"Product"`. */
  readonly objectName: string;
  readonly label: string;
  readonly modelName: string;
  dbTable = "";
  options: MetaOptions;
  ordering: readonly unknown[] = [];
  getLatestBy: readonly string[] = [];
  managed = true;
  proxy = false;
  swapped = false;
  autoCreated: ModelMeta | null = null;
  selectOnSave = false;
  /** The model whose table a proxy uses; itself for others. */
  concrete: ModelMeta = this;
  proxyFor: ModelMeta | null = null;
  /** Direct concrete parents and the one-to-one fields that lead to them. */
  readonly parents = new Map<ModelMeta, OneToOneField | null>();
  /** Models that inherit from this one, directly. */
  readonly childModels: ModelMeta[] = [];
  /** Fields declared here, in order, relations and many-to-many included. */
  localFields: Field[] = [];
  pk!: Field;
  /** Parts of a composite key, else the one key field. */
  pkFields: Field[] = [];
  orderWithRespectTo: ForeignKey | GenericForeignKey | null = null;
  uniqueTogether: readonly (readonly string[])[] = [];
  indexes: readonly unknown[] = [];
  constraints: readonly unknown[] = [];
  /** The class that users see; set by `orm/define.ts`, opaque here. */
  modelClass: unknown = null;

  /** Every field by name, inherited ones included; attnames too. */
  readonly byName = new Map<string, Field>();
  /** Reverse relations by the name used in paths. */
  readonly reverseByQuery = new Map<string, ReverseRelation>();
  /** Reverse relations in the order they were found, hidden ones included. */
  readonly reverse: ReverseRelation[] = [];
  private concreteCache: Field[] | undefined;
  /** Generic relations and keys: fields that are relations without a column or a foreign key. */
  readonly virtualFields: Field[] = [];
  /** Keys of models among the content types; set by an orm that has content types. */
  contentTypes: ((meta: ModelMeta) => LateValue) | null = null;

  constructor(appLabel: string, objectName: string, options: MetaOptions) {
    this.appLabel = appLabel;
    this.objectName = objectName;
    this.label = `${appLabel}.${objectName}`;
    this.modelName = objectName.toLowerCase();
    this.options = options;
  }

  get verboseName(): string {
    return this.options.verboseName ?? this.objectName.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  }

  /** Fields with a column, parents' first, in the order of the SELECT list. */
  get concreteFields(): readonly Field[] {
    return (this.concreteCache ??= this.collectConcrete());
  }
  private collectConcrete(): Field[] {
    const out: Field[] = [];
    const add = (f: Field): void => {
      if (f.concrete && !out.includes(f)) out.push(f);
    };
    for (const parent of this.parents.keys()) for (const f of parent.concreteFields) add(f);
    if (this.proxyFor !== null) for (const f of this.proxyFor.concreteFields) add(f);
    for (const f of this.localFields) add(f);
    return out;
  }
  /** Fields with a column in this model's own table. */
  get localConcreteFields(): readonly Field[] {
    return (this.proxy ? this.concrete : this).localFields.filter((f) => f.concrete);
  }
  /** Fields that are no many-to-many, parents' first: Django's `_meta.fields`. */
  get fields(): readonly Field[] {
    const others = [...this.byName.values()].filter(
      (f) => !f.concrete && !(f instanceof ManyToManyField) && !this.virtualFields.includes(f),
    );
    return [...new Set([...this.concreteFields, ...others])];
  }
  /** Everything a path may begin with, but hidden reverse relations: Django's `_meta.get_fields()`. */
  getFields(): readonly MetaField[] {
    return [...this.reverse.filter((r) => !r.hidden), ...this.fields, ...this.manyToMany, ...this.virtualFields];
  }
  get manyToMany(): readonly ManyToManyField[] {
    const out: ManyToManyField[] = [];
    for (const f of this.byName.values()) if (f instanceof ManyToManyField && !out.includes(f)) out.push(f);
    return out;
  }
  /** Key of this model's content type (of the model behind a proxy, where `concrete`); null in an orm without content types. */
  contentTypeKey(concrete: boolean): LateValue | null {
    return this.contentTypes?.(concrete ? this.concrete : this) ?? null;
  }
  /** Composite key? */
  get hasCompositePk(): boolean {
    return this.pkFields.length > 1;
  }
  resetCaches(): void {
    this.concreteCache = undefined;
    this.parentCache = undefined;
  }

  /** The field or reverse relation a path's part names, or undefined. `pk` is not resolved here. */
  find(name: string): MetaField | undefined {
    return this.byName.get(name) ?? this.reverseByQuery.get(name);
  }
  /** Field by name; throws `FieldDoesNotExist` with the nearest name and the choices. */
  getField(name: string): MetaField {
    const found = name === "pk" ? this.pk : this.find(name);
    if (found === undefined)
      throw new FieldDoesNotExist(
        `${this.objectName} has no field named '${name}'.${suggest(name, this.choices())}`,
        "model.unknown_field",
        { model: this.label, path: name, choices: this.choices() },
      );
    return found;
  }
  /** Field with a column by name or attname. */
  getConcrete(name: string): Field {
    const f = this.getField(name);
    if (f instanceof ReverseRelation || !f.concrete)
      throw new FieldDoesNotExist(`${this.objectName}.${name} has no column.`, "model.no_column", {
        model: this.label,
        path: name,
      });
    return f;
  }
  /** Names for messages: fields and visible reverse relations, sorted. */
  choices(): string[] {
    const out = new Set<string>();
    for (const [name, f] of this.byName) if (name === f.name) out.add(name);
    for (const [name, r] of this.reverseByQuery) if (!r.hidden) out.add(name);
    return [...out].sort();
  }

  private parentCache: ModelMeta[] | undefined;
  /** All concrete ancestors, nearest first. */
  get allParents(): readonly ModelMeta[] {
    if (this.parentCache === undefined) {
      const out = new Set<ModelMeta>();
      for (const p of this.parents.keys()) out.add(p);
      for (const p of this.parents.keys()) for (const a of p.allParents) out.add(a);
      if (this.proxyFor !== null) for (const a of this.proxyFor.allParents) out.add(a);
      this.parentCache = [...out];
    }
    return this.parentCache;
  }
  /** Chain of models from here up to `ancestor` (exclusive of this one), or empty. */
  baseChain(ancestor: ModelMeta): ModelMeta[] {
    if (ancestor === this) return [];
    if (this.proxyFor !== null && !this.parents.has(ancestor)) {
      if (this.proxyFor === ancestor) return [ancestor];
      const rest = this.proxyFor.baseChain(ancestor);
      return rest.length > 0 ? [this.proxyFor, ...rest] : [];
    }
    if (this.parents.has(ancestor)) return [ancestor];
    for (const p of this.parents.keys()) {
      const rest = p.baseChain(ancestor);
      if (rest.length > 0) return [p, ...rest];
    }
    return [];
  }
  /** The one-to-one field by which this model reaches an ancestor's row. */
  ancestorLink(ancestor: ModelMeta): OneToOneField | null {
    const direct = this.parents.get(ancestor);
    if (direct !== undefined) return direct;
    for (const p of [...this.parents.keys(), ...(this.proxyFor ? [this.proxyFor] : [])]) {
      const link = p.ancestorLink(ancestor);
      if (link !== null) return this.parents.get(p) ?? link;
    }
    return null;
  }
  /** True when an instance of this model is one of `other` too (same concrete model, or a child of it). */
  isA(other: ModelMeta): boolean {
    return this.concrete === other.concrete || this.concrete.allParents.includes(other.concrete);
  }
}

/** The model a relation leads to, as meta. */
export function relatedMeta(field: ForeignObject | ManyToManyField): ModelMeta {
  return field.related as ModelMeta;
}
export function ownerMeta(field: Field): ModelMeta {
  return field.owner as ModelMeta;
}
