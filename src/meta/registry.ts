/**
 * All models of one orm by label. Takes definitions, binds fields to models, resolves labels, and works out reverse relations,
 * through models and inheritance. Mistakes are gathered as check messages. It knows no classes and no queries.
 */
import { ImproperlyConfigured, LookupError, suggest } from "../base/errors.js";
import { snakeCase } from "../base/names.js";
import { type CheckMessage, type Field, isField } from "../fields/field.js";
import { CompositePrimaryKey } from "../fields/generated.js";
import { GenericForeignKey, GenericRelation, isGeneric } from "../fields/generic.js";
import { OrderWrt } from "../fields/integers.js";
import { BigAutoField } from "../fields/keys.js";
import {
  CASCADE,
  ForeignKey,
  ForeignObject,
  ManyToManyField,
  OneToOneField,
  ReverseRelation,
} from "../fields/relations.js";
import { ModelMeta, type MetaOptions } from "./options.js";

/** A model as it was written, before its app and the other models are known. */
export interface ModelDefinition {
  /** As given: `"Product"` or `"shop.Product"`. */
  readonly label: string;
  readonly fields: Readonly<Record<string, Field>>;
  readonly options: MetaOptions;
  /** Definitions of concrete parents (multi-table inheritance). */
  readonly parents: readonly ModelDefinition[];
  readonly proxyFor: ModelDefinition | null;
}

/** `"Product"` -> `"product"`, the default name of reverse relations in paths. */
export function uncapitalize(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

export class Registry {
  readonly models = new Map<string, ModelMeta>();
  readonly problems: CheckMessage[] = [];
  private readonly byDefinition = new Map<ModelDefinition, ModelMeta>();
  private readonly defaultAuto: () => Field;

  constructor(defaultAuto: () => Field = () => new BigAutoField({ primaryKey: true, autoCreated: true })) {
    this.defaultAuto = defaultAuto;
  }

  /** Registers a definition under an app; `finish` makes it whole. */
  add(app: string, definition: ModelDefinition): ModelMeta {
    const known = this.byDefinition.get(definition);
    if (known !== undefined) return known;
    const [given, name] = definition.label.includes(".")
      ? (definition.label.split(".", 2) as [string, string])
      : [undefined, definition.label];
    const appLabel = definition.options.appLabel ?? given ?? app;
    if (!/^[A-Za-z_][\w$]*$/.test(name))
      throw new ImproperlyConfigured(
        `'${definition.label}' is not a name for a model; write it as "Product" or "shop.Product".`,
        "model.label",
      );
    const meta = new ModelMeta(appLabel, name, definition.options);
    if (this.models.has(meta.label))
      throw new ImproperlyConfigured(
        `Two models are called '${meta.label}'. A label names one model; rename one of them, or give it another app.`,
        "model.duplicate_label",
        { model: meta.label },
      );
    this.models.set(meta.label, meta);
    this.byDefinition.set(definition, meta);
    return meta;
  }
  metaOf(definition: ModelDefinition): ModelMeta | undefined {
    return this.byDefinition.get(definition);
  }

  /** Model by label; a bare name is looked for in `app` first, then in all apps. */
  get(label: string, app?: string): ModelMeta {
    const found = this.find(label, app);
    if (found === undefined)
      throw new LookupError(
        `No model is called '${label}'.${suggest(label, label.includes(".") ? this.models.keys() : [...this.models.values()].map((m) => m.objectName))}`,
        "model.unknown_label",
        { model: label },
      );
    return found;
  }
  find(label: string, app?: string): ModelMeta | undefined {
    if (label.includes(".")) return this.models.get(label);
    if (app !== undefined) {
      const own = this.models.get(`${app}.${label}`);
      if (own !== undefined) return own;
    }
    const all = [...this.models.values()].filter((m) => m.objectName === label);
    if (all.length > 1)
      throw new ImproperlyConfigured(
        `Several apps have a model '${label}': ${all.map((m) => m.label).join(", ")}. Write the label with its app.`,
        "model.ambiguous_label",
        { model: label },
      );
    return all[0];
  }

  /** Makes all registered models whole. Call once, after the last `add`. */
  finish(): void {
    const ordered: ModelDefinition[] = [];
    const visit = (d: ModelDefinition): void => {
      if (ordered.includes(d)) return;
      for (const p of [...d.parents, ...(d.proxyFor ? [d.proxyFor] : [])]) visit(p);
      ordered.push(d);
    };
    for (const d of this.byDefinition.keys()) visit(d);
    for (const d of ordered) {
      if (!this.byDefinition.has(d))
        throw new ImproperlyConfigured(
          `The model '${d.label}' is inherited from, but is in no app.`,
          "model.unregistered_parent",
          { model: d.label },
        );
      this.prepare(d, this.byDefinition.get(d)!);
    }
    for (const d of ordered) this.relate(this.byDefinition.get(d)!);
    const declared = [...this.models.values()];
    for (const m of declared) this.throughs(m);
    for (const m of this.models.values()) this.inheritReverse(m);
    for (const m of this.models.values()) this.options(m);
  }

  // ---- fields and parents -------------------------------------------------------------------------------------
  private prepare(d: ModelDefinition, meta: ModelMeta): void {
    const o = d.options;
    meta.managed = o.managed ?? true;
    meta.swapped = o.swapped ?? false;
    meta.selectOnSave = o.selectOnSave ?? false;
    if (d.proxyFor !== null) {
      const base = this.byDefinition.get(d.proxyFor)!;
      meta.proxy = true;
      meta.proxyFor = base;
      meta.concrete = base.concrete;
      meta.dbTable = base.dbTable;
      meta.managed = base.managed;
      for (const [k, f] of base.byName) meta.byName.set(k, f);
      meta.pk = base.pk;
      meta.pkFields = base.pkFields;
      for (const [p, link] of base.parents) meta.parents.set(p, link);
      meta.localFields = base.localFields;
      for (const f of base.virtualFields) this.inheritVirtual(meta, f);
      return;
    }
    meta.dbTable = o.dbTable ?? `${meta.appLabel}_${meta.modelName}`;
    const links = new Map<ModelMeta, OneToOneField>();
    const own = new Map<string, Field>();
    for (const [name, field] of Object.entries(d.fields)) {
      if (!isField(field))
        throw new ImproperlyConfigured(
          `'${meta.label}.${name}' is no field. Fields are made by calls such as CharField({ maxLength: 100 }).`,
          "model.not_a_field",
          { model: meta.label, path: name },
        );
      if (name === "__proto__" || name === "constructor" || name === "prototype")
        throw new ImproperlyConfigured(`'${name}' cannot be the name of a field.`, "model.field_name", {
          model: meta.label,
          path: name,
        });
      own.set(name, field.clone());
    }
    for (const p of d.parents) {
      const parent = this.byDefinition.get(p)!;
      for (const [k, f] of parent.byName) if (!own.has(k) && !isGeneric(f)) meta.byName.set(k, f);
      parent.childModels.push(meta);
      const concrete = parent.concrete;
      let link: [string, OneToOneField] | undefined;
      for (const [name, f] of own)
        if (f instanceof OneToOneField && f.parentLink && this.find(f.to, meta.appLabel) === concrete) link = [name, f];
      if (link === undefined)
        for (const [name, f] of own)
          if (f instanceof OneToOneField && this.find(f.to, meta.appLabel) === concrete && f.primaryKey)
            link = [name, f];
      if (link === undefined) {
        const name = `${uncapitalize(concrete.objectName)}Ptr`;
        link = [name, new OneToOneField(concrete.label, { onDelete: CASCADE, parentLink: true, autoCreated: true })];
        own.delete(name);
        const rest = [...own];
        own.clear();
        own.set(...link);
        for (const [k, v] of rest) own.set(k, v);
      }
      links.set(parent, link[1]);
    }
    const hasKey = [...own.values()].some((f) => f.primaryKey || f instanceof CompositePrimaryKey);
    if (!hasKey && links.size > 0) {
      const first = [...links.values()][0]!;
      (first as { primaryKey: boolean }).primaryKey = true;
    } else if (!hasKey && links.size === 0) {
      if (own.has("id"))
        this.problem(
          "models.E004",
          "'id' can only be used as a field name if the field also sets primaryKey: true.",
          meta.label,
        );
      else {
        const rest = [...own];
        own.clear();
        own.set("id", this.defaultAuto());
        for (const [k, v] of rest) own.set(k, v);
      }
    }
    for (const [name, f] of own) {
      f.bind(meta, name, snakeCase(name));
      meta.byName.set(name, f);
      if (f.attname !== name) meta.byName.set(f.attname, f);
      meta.localFields.push(f);
      if (isGeneric(f)) meta.virtualFields.push(f);
    }
    for (const parent of links.keys())
      for (const f of parent.virtualFields) if (!meta.byName.has(f.name)) this.inheritVirtual(meta, f);
    for (const [parent, link] of links) meta.parents.set(parent.concrete, link);
    const composite = meta.localFields.find((f) => f instanceof CompositePrimaryKey);
    const key = composite ?? meta.localFields.find((f) => f.primaryKey) ?? meta.localFields[0];
    meta.pk = key!;
    if (composite instanceof CompositePrimaryKey)
      composite.fields = composite.names.map((n) => meta.byName.get(n)).filter((f): f is Field => f !== undefined);
    meta.pkFields =
      composite instanceof CompositePrimaryKey
        ? composite.names.map((n) => meta.byName.get(n)).filter((f): f is Field => f !== undefined)
        : [meta.pk];
  }
  /** A generic relation of a base is one of its child or proxy too, with the content type and the key of that one. */
  private inheritVirtual(meta: ModelMeta, field: Field): void {
    const copy = field.clone();
    copy.bind(meta, field.name, snakeCase(field.name));
    if (copy instanceof GenericRelation) copy.inherited = true;
    meta.byName.set(copy.name, copy);
    meta.virtualFields.push(copy);
  }
  private problem(id: string, message: string, object: string, hint?: string): void {
    this.problems.push({ id, level: "error", message, hint, object });
  }

  // ---- relations ----------------------------------------------------------------------------------------------
  private relate(meta: ModelMeta): void {
    for (const f of meta.virtualFields) {
      if (f instanceof GenericRelation) this.generic(meta, f);
      else if (f instanceof GenericForeignKey)
        f.targets =
          f.to?.flatMap((label) => {
            const target = this.find(label === "self" ? meta.label : label, meta.appLabel);
            if (target === undefined) this.noModel(f, label);
            return target ?? [];
          }) ?? null;
    }
    if (meta.proxy) return;
    for (const f of meta.localFields) {
      if (!(f instanceof ForeignObject) && !(f instanceof ManyToManyField)) continue;
      const label = f.to === "self" ? meta.label : f.to;
      const target = this.find(label, meta.appLabel);
      if (target === undefined) {
        this.noModel(f, f.to);
        this.problem(
          "fields.E307",
          `The field ${f.path} was declared with a lazy reference to '${f.to}', but no app provides that model.`,
          f.path,
        );
        continue;
      }
      f.related = target;
      if (f instanceof ForeignObject) this.foreign(meta, f, target);
    }
  }
  private noModel(f: Field, label: string): void {
    this.problem(
      "fields.E300",
      `Field defines a relation with model '${label}', which is either not installed, or is abstract.`,
      f.path,
      suggest(
        label,
        [...this.models.values()].map((m) => m.objectName),
      ).trim() || undefined,
    );
  }
  private generic(meta: ModelMeta, f: GenericRelation): void {
    const target = this.find(f.to === "self" ? meta.label : f.to, meta.appLabel);
    if (target === undefined) {
      this.noModel(f, f.to);
      return;
    }
    f.related = target;
    // Rows of the related model lead here by name only where the relation gives one.
    const reverse = new ReverseRelation(f, "manyToMany");
    reverse.model = target;
    reverse.relatedModel = meta;
    reverse.queryName =
      f.inherited || f.relatedQueryName === undefined ? `${meta.modelName}_${f.name}+` : f.relatedQueryName;
    if (!f.inherited) reverse.accessorName = f.relatedQueryName ?? null;
    f.reverse = reverse;
    target.reverse.push(reverse);
    if (!target.reverseByQuery.has(reverse.queryName)) target.reverseByQuery.set(reverse.queryName, reverse);
  }
  private foreign(meta: ModelMeta, f: ForeignObject, target: ModelMeta): void {
    f.fromFields = f.fromFieldNames.map((n) => (n === "self" ? f : (meta.byName.get(n) ?? f)));
    f.toFields = [];
    for (const n of f.toFieldNames) {
      const to = n === null ? target.pk : target.byName.get(n);
      if (to === undefined)
        this.problem("fields.E312", `The toField '${n}' doesn't exist on the related model '${target.label}'.`, f.path);
      f.toFields.push(to ?? target.pk);
    }
    const reverse = new ReverseRelation(f, f.multiple ? "manyToOne" : "oneToOne");
    this.nameReverse(meta, f, target, reverse, f.relOptions.relatedName, f.relOptions.relatedQueryName, !f.multiple);
    f.reverse = reverse;
  }
  private nameReverse(
    meta: ModelMeta,
    f: Field,
    target: ModelMeta,
    reverse: ReverseRelation,
    relatedName: string | undefined,
    relatedQueryName: string | undefined,
    single: boolean,
  ): void {
    reverse.model = target;
    reverse.relatedModel = meta;
    const fill = (pattern: string): string =>
      pattern
        .replaceAll("%(class)s", meta.modelName)
        .replaceAll("%(model_name)s", meta.modelName)
        .replaceAll("%(app_label)s", meta.appLabel.toLowerCase());
    const given = relatedName ?? meta.options.defaultRelatedName;
    const name = given === undefined ? undefined : fill(given);
    const hidden = name !== undefined && name.endsWith("+");
    const bare = uncapitalize(meta.objectName);
    reverse.accessorName = hidden || meta.swapped ? null : (name ?? (single ? bare : `${bare}Set`));
    reverse.queryName =
      relatedQueryName !== undefined
        ? fill(relatedQueryName)
        : name !== undefined && !hidden
          ? name
          : hidden
            ? name === "+"
              ? `${meta.modelName}_${f.name}+`
              : name
            : bare;
    target.reverse.push(reverse);
    if (!target.reverseByQuery.has(reverse.queryName)) target.reverseByQuery.set(reverse.queryName, reverse);
  }

  // ---- many to many -------------------------------------------------------------------------------------------
  private throughs(meta: ModelMeta): void {
    if (meta.proxy) return;
    for (const f of meta.localFields) {
      if (!(f instanceof ManyToManyField) || f.related === undefined) continue;
      const target = f.related as ModelMeta;
      const self = target.concrete === meta.concrete;
      f.symmetrical = f.relOptions.symmetrical ?? self;
      if (f.relOptions.through !== undefined) {
        const through = this.find(f.relOptions.through, meta.appLabel);
        if (through === undefined) {
          this.problem(
            "fields.E331",
            `Field specifies a many-to-many relation through model '${f.relOptions.through}', which has not been installed.`,
            f.path,
          );
          continue;
        }
        f.through = through;
        const ends = this.throughEnds(f, through, meta, target, self);
        if (ends === undefined) continue;
        // A multi-column relation can lead there too; what is read of it is what every relation has.
        [f.sourceField, f.targetField] = ends as [ForeignKey, ForeignKey];
      } else this.autoThrough(meta, f, target, self);
      const reverse = new ReverseRelation(f, "manyToMany");
      // A symmetrical relation to itself has no other side to name.
      const name = f.symmetrical && self ? `${f.name}_rel_+` : f.relOptions.relatedName;
      this.nameReverse(meta, f, target, reverse, name, f.relOptions.relatedQueryName, false);
      f.reverse = reverse;
    }
  }
  private throughEnds(
    f: ManyToManyField,
    through: ModelMeta,
    source: ModelMeta,
    target: ModelMeta,
    self: boolean,
  ): [ForeignObject, ForeignObject] | undefined {
    const keys = [...through.byName.values()].filter(
      (x, i, all): x is ForeignObject => x instanceof ForeignObject && all.indexOf(x) === i,
    );
    const named = f.relOptions.throughFields;
    if (named !== undefined) {
      const [a, b] = named.map((n) => through.byName.get(n));
      if (a instanceof ForeignObject && b instanceof ForeignObject) return [a, b];
      this.problem(
        "fields.E338",
        `The intermediary model '${through.label}' has no field '${named.find((n) => !(through.byName.get(n) instanceof ForeignObject))}'.`,
        f.path,
      );
      return undefined;
    }
    const points =
      (m: ModelMeta) =>
      (k: ForeignObject): boolean => {
        const to = k.related as ModelMeta | undefined;
        return to !== undefined && (to.concrete === m.concrete || m.concrete.allParents.includes(to.concrete));
      };
    const from = keys.filter(points(source)),
      to = keys.filter(points(target));
    const a = from.find((k) => (k.related as ModelMeta).concrete === source.concrete) ?? from[0];
    const b = self
      ? to.filter((k) => k !== a)[0]
      : (to.find((k) => (k.related as ModelMeta).concrete === target.concrete && k !== a) ?? to.find((k) => k !== a));
    if (a === undefined || b === undefined) {
      this.problem(
        "fields.E336",
        `The model is used as an intermediate model by '${f.path}', but it does not have a foreign key to '${a === undefined ? source.objectName : target.objectName}'.`,
        through.label,
      );
      return undefined;
    }
    return [a, b];
  }
  private autoThrough(meta: ModelMeta, f: ManyToManyField, target: ModelMeta, self: boolean): void {
    const name = `${meta.objectName}_${f.name}`;
    // Two models of one name (of two apps, or one and the same) are told apart by direction.
    const alike = self || meta.modelName === target.modelName;
    const from = alike ? `from_${meta.modelName}` : meta.modelName;
    const to = alike ? `to_${target.modelName}` : target.modelName;
    const through = new ModelMeta(meta.appLabel, name, { uniqueTogether: [[from, to]] });
    through.dbTable = f.relOptions.dbTable ?? `${meta.dbTable}_${snakeCase(f.name)}`;
    through.managed = meta.managed || target.managed;
    through.autoCreated = meta;
    const id = this.defaultAuto();
    const constraint = f.relOptions.dbConstraint ?? true;
    const a = new ForeignKey(meta.label, { onDelete: CASCADE, relatedName: `${name}+`, dbConstraint: constraint });
    const b = new ForeignKey(target.label, { onDelete: CASCADE, relatedName: `${name}+`, dbConstraint: constraint });
    for (const [n, field] of [
      ["id", id],
      [from, a],
      [to, b],
    ] as const) {
      field.bind(through, n, n);
      through.byName.set(n, field);
      if (field.attname !== n) through.byName.set(field.attname, field);
      through.localFields.push(field);
    }
    through.pk = id;
    through.pkFields = [id];
    if (this.models.has(through.label))
      this.problem(
        "fields.E340",
        `The field's intermediary table '${through.dbTable}' clashes with the model '${through.label}'.`,
        f.path,
      );
    this.models.set(through.label, through);
    a.related = meta;
    b.related = target;
    this.foreignHidden(through, a, meta, `${name}_${from}+`);
    this.foreignHidden(through, b, target, `${name}_${to}+`);
    f.through = through;
    f.throughAuto = true;
    f.sourceField = a;
    f.targetField = b;
  }
  private foreignHidden(through: ModelMeta, f: ForeignKey, target: ModelMeta, queryName: string): void {
    f.fromFields = [f];
    f.toFields = [target.pk];
    const reverse = new ReverseRelation(f, "manyToOne");
    reverse.model = target;
    reverse.relatedModel = through;
    reverse.queryName = queryName;
    f.reverse = reverse;
    target.reverse.push(reverse);
    target.reverseByQuery.set(queryName, reverse);
  }

  // ---- what children and proxies see --------------------------------------------------------------------------
  private inheritReverse(meta: ModelMeta): void {
    const sources = new Set<ModelMeta>([meta.concrete, ...meta.allParents]);
    // A relation to a proxy is one to the model behind it.
    for (const m of this.models.values()) if (m !== meta && m.concrete === meta.concrete) sources.add(m);
    for (const m of this.models.values()) if (m.proxy && meta.allParents.includes(m.concrete)) sources.add(m);
    for (const s of sources) {
      if (s === meta) continue;
      for (const r of s.reverse) {
        const link = r.field instanceof OneToOneField && r.field.parentLink;
        if (link && s.concrete !== meta.concrete) continue;
        if (!meta.reverseByQuery.has(r.queryName)) meta.reverseByQuery.set(r.queryName, r);
      }
    }
  }

  private options(meta: ModelMeta): void {
    const o = meta.options;
    const base = meta.proxyFor ?? [...meta.parents.keys()][0];
    meta.ordering = o.ordering ?? (base !== undefined && o.orderWithRespectTo === undefined ? base.ordering : []);
    const latest = o.getLatestBy ?? base?.options.getLatestBy;
    meta.getLatestBy = latest === undefined ? [] : typeof latest === "string" ? [latest] : latest;
    const unique = o.uniqueTogether ?? [];
    meta.uniqueTogether = (
      unique.length > 0 && typeof unique[0] === "string" ? [unique] : unique
    ) as readonly (readonly string[])[];
    meta.indexes = o.indexes ?? [];
    meta.constraints = o.constraints ?? [];
    if (o.orderWithRespectTo !== undefined) {
      const f = meta.byName.get(o.orderWithRespectTo);
      if (f instanceof ForeignKey || f instanceof GenericForeignKey) {
        meta.orderWithRespectTo = f;
        meta.ordering = ["_order"];
        if (!meta.byName.has("_order")) {
          const order = new OrderWrt();
          order.bind(meta, "_order", "_order");
          meta.byName.set("_order", order);
          meta.localFields.push(order);
          meta.resetCaches();
        }
      }
    }
  }
}
