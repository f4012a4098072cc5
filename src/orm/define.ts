/** `model()`, `abstractModel()`, `babik()`: from definitions to classes, and from classes to an orm. */
import { ownOptions, plainOptions, unknownOption } from "../base/options.js";
import { ImproperlyConfigured } from "../base/errors.js";
import { readZoneFrom } from "../base/temporal.js";
import { connectAll, type DatabasesConfig } from "../db/connections.js";
import type { Transaction, TransactionOptions } from "../db/begin.js";
import type { Database } from "../db/connection.js";
import type { Field } from "../fields/field.js";
import { runChecks } from "../meta/checks.js";
import { META_OPTIONS, type MetaOptions, type ModelMeta } from "../meta/options.js";
import { Registry, type ModelDefinition } from "../meta/registry.js";
import { attachContentTypes, contentTypesOf, type ContentTypes } from "./contenttypes/content-types.js";
import { lacksContentTypes } from "./contenttypes/install.js";
import { contentTypeFields, contentTypeMeta, installContentTypeMethods } from "./contenttypes/model.js";
import { CONTENT_TYPE_LABEL } from "../meta/checks-generic.js";
import { DEFINITION, definitionOf as findDefinition } from "./definition.js";
import { Manager, makeManager, managerFrom } from "./manager.js";
import { ModelBase, type ModelClass } from "./model.js";
import { modelError } from "./model-errors.js";
import { operations } from "./operations.js";
import { installAccessors } from "./relations/accessors.js";
import { instanceFromDb } from "./refresh.js";
import { installSiblingOrder, orderedFrom } from "./relations/order-accessors.js";
import { setManagers } from "./managers-of.js";
import type { QuerySet } from "./queryset.js";
import { readRouters, type Router } from "./routers.js";
import { attachRuntime, Runtime } from "./runtime.js";
import { classPrepared } from "./signals/model-signals.js";
import { addSenders, closeSenders, unknownSenders } from "./signals/senders.js";
import { schemaOf, type Schema, type SchemaOptions, type SchemaProps } from "./standard-schema.js";
import { installTimeZone, timeZoneOf } from "./timezone.js";
import type { FetchMode } from "./instance-state.js";
import type { QueryEventName, QueryListener } from "../db/listeners.js";
import { applyWatchSettings, listen, type OrmListenOptions } from "./watching.js";

/** Shared by all uses of one definition: the class it made, and what its orm filled in. */
interface Definition extends ModelDefinition {
  base: ModelClass;
  meta: ModelMeta | null;
  managers: Map<string, Manager> | null;
}
function definitionOf(cls: unknown): Definition | undefined {
  return findDefinition(cls) as Definition | undefined;
}

/** Fields that were spread or given by an abstract model, as plain own properties. */
function readFields(label: string, fields: unknown): Record<string, Field> {
  if (typeof fields !== "object" || fields === null)
    throw new ImproperlyConfigured(`model("${label}", fields) takes an object of fields.`, "model.fields");
  const out: Record<string, Field> = Object.create(null) as Record<string, Field>;
  for (const [name, f] of Object.entries(fields)) if (f !== null) out[name] = f as Field;
  return out;
}

/** Makes the class that a model extends. See API §2. */
export function defineModel(label: string, fields: Record<string, unknown>, meta: MetaOptions = {}): ModelClass {
  if (typeof label !== "string")
    throw new ImproperlyConfigured('model() takes a label, such as "Product", first.', "model.label");
  return makeClass(label, readFields(label, fields), meta, [], null, ModelBase as unknown as ModelClass);
}
function makeClass(
  label: string,
  fields: Record<string, Field>,
  options: MetaOptions,
  parents: Definition[],
  proxyFor: Definition | null,
  Parent: ModelClass,
): ModelClass {
  const name = label.includes(".") ? label.split(".")[1]! : label;
  const unknown = unknownOption(`The Meta of ${name}`, options, META_OPTIONS);
  if (unknown !== undefined) throw new ImproperlyConfigured(unknown, "model.unknown_option");
  const definition: Definition = {
    label,
    fields,
    options,
    parents,
    proxyFor,
    base: null as never,
    meta: null,
    managers: null,
  };
  const made = class extends (Parent as unknown as new (...args: unknown[]) => object) {
    static [DEFINITION] = definition;
    static get meta(): ModelMeta {
      if (definition.meta === null)
        throw new ImproperlyConfigured(
          `The model '${label}' is in no app yet; give its module to babik({ apps }).`,
          "model.unregistered",
          { model: label },
        );
      return definition.meta;
    }
    static get DoesNotExist() {
      return modelError(this.meta, "DoesNotExist");
    }
    static get MultipleObjectsReturned() {
      return modelError(this.meta, "MultipleObjectsReturned");
    }
    static get NotUpdated() {
      return modelError(this.meta, "NotUpdated");
    }
    static get objects(): Manager {
      return defaultManager(this as unknown as ModelClass, definition);
    }
    static get "~standard"(): SchemaProps {
      return schemaNamed(this, "create", {})["~standard"];
    }
    static get updateSchema(): Schema {
      return schemaNamed(this, "update", { partial: true });
    }
    static schema(options: SchemaOptions = {}): Schema {
      return schemaOf(() => this.meta, options);
    }
    static manager(of: unknown): Manager {
      return makeManager(of).bind(this as unknown as ModelClass, "objects");
    }
    static extend(child: string, more: Record<string, unknown>, meta: MetaOptions = {}): ModelClass {
      const bases = (meta.bases ?? []).map((b) => definitionOf(b)).filter((d): d is Definition => d !== undefined);
      return makeClass(
        child,
        readFields(child, more),
        meta,
        [definitionOf(this)!, ...bases],
        null,
        this as unknown as ModelClass,
      );
    }
    static proxy(child: string, meta: MetaOptions = {}): ModelClass {
      return makeClass(child, {}, meta, [], definitionOf(this)!, this as unknown as ModelClass);
    }
    /** An instance from values that were read elsewhere, as if loaded from that database. */
    static fromDb(alias: string, names: readonly string[], values: readonly unknown[]): object {
      return instanceFromDb(this.meta, alias, names, values);
    }
  } as unknown as ModelClass;
  Object.defineProperty(made, "name", { value: name });
  definition.base = made;
  return made;
}
const schemas = new WeakMap<object, Map<string, Schema>>();
/** A schema of a class, made once. */
function schemaNamed(cls: { readonly meta: ModelMeta }, name: string, options: SchemaOptions): Schema {
  let own = schemas.get(cls);
  if (own === undefined) schemas.set(cls, (own = new Map()));
  let found = own.get(name);
  if (found === undefined) own.set(name, (found = schemaOf(() => cls.meta, options)));
  return found;
}
function defaultManager(cls: ModelClass, definition: Definition): Manager {
  definition.managers ??= new Map();
  let m = definition.managers.get("objects");
  if (m === undefined) definition.managers.set("objects", (m = new Manager().bind(cls, "objects")));
  return m;
}

/** A group of fields and Meta options that models extend: `abstractModel({...}).extend("Name", {...})`, or spread it. */
export function abstractModel(fields: Record<string, unknown>, meta: MetaOptions = {}): Record<string, unknown> {
  const own = readFields("abstract", fields);
  const group = { ...own } as Record<string, unknown>;
  Object.defineProperty(group, "extend", {
    enumerable: false,
    value: (label: string, more: Record<string, unknown>, options: MetaOptions = {}) => {
      const { abstract: _a, dbTable: _t, ...inherited } = meta;
      return defineModel(label, { ...own, ...more }, { ...inherited, ...options });
    },
  });
  return group;
}

export interface BabikSettings {
  readonly databases?: DatabasesConfig;
  readonly apps: Readonly<Record<string, object>>;
  readonly timeZone?: string;
  readonly databaseRouters?: readonly Router[];
  readonly fetchMode?: FetchMode;
  readonly defaultAutoField?: () => Field;
  /** Content types also where no model needs them. */
  readonly contentTypes?: boolean;
  /** Keeps the last statements in `connection.queries`. */
  readonly debug?: boolean;
  /** Statements that take so many milliseconds are slow. */
  readonly slowQuery?: number;
}

/** An orm: models, databases and settings that belong together. */
export class Orm {
  readonly apps: Readonly<Record<string, object>>;
  readonly runtime: Runtime;
  constructor(apps: Readonly<Record<string, object>>, runtime: Runtime) {
    this.apps = apps;
    this.runtime = runtime;
  }
  /** The database of an alias. */
  connection(alias = "default"): Database {
    return this.runtime.database(alias);
  }
  get databases(): readonly string[] {
    return this.runtime.connections.aliases;
  }
  /** Models by label, those that babik made for many-to-many relations included. */
  getModel(label: string): ModelClass {
    return this.runtime.registry.get(label).modelClass as ModelClass;
  }
  get models(): readonly ModelClass[] {
    return [...this.runtime.registry.models.values()].map((m) => m.modelClass as ModelClass);
  }
  /** The content types of the models. @throws ImproperlyConfigured where no model needs them, and nobody asked for them */
  get contentTypes(): ContentTypes {
    return contentTypesOf(this.runtime);
  }
  /** Runs `fn` in a transaction. */
  atomic<T>(fn: () => T | Promise<T>, options: { using?: string } & Record<string, unknown> = {}): Promise<T> {
    const { using = "default", ...rest } = plainOptions("atomic()", options);
    return this.connection(using).atomic(fn, ownOptions(rest));
  }
  /** Begins a transaction and gives a handle to it. */
  async begin(options: { using?: string } & TransactionOptions = {}): Promise<Transaction> {
    const { using = "default", ...rest } = ownOptions(options);
    return this.connection(using).begin(ownOptions(rest));
  }
  /** Calls `listener` for the statements of all databases, or of the one named by `using`. */
  on(event: QueryEventName, listener: QueryListener, options: OrmListenOptions = {}): () => void {
    return listen(this.runtime.connections, event, listener, options);
  }
  /** Ends all connections. */
  close(): Promise<void> {
    closeSenders(this.runtime.registry);
    orms = orms.filter((ref) => ref.deref() !== this);
    return this.runtime.connections.close();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

let current: Orm | null = null;
/** Those that are open, the last one at the end. */
let orms: readonly WeakRef<Orm>[] = [];
/** The orm that was made last, of those that are open: the one functions without an orm (`atomic`, `onCommit`) work on. */
export function currentOrm(): Orm {
  for (let i = orms.length - 1; i >= 0; i--) {
    const orm = orms[i]!.deref();
    if (orm !== undefined) return orm;
  }
  if (current === null)
    throw new ImproperlyConfigured("There is no orm yet; make one with babik({ databases, apps }).", "settings.no_orm");
  return current;
}

const SETTINGS = new Set([
  "databases",
  "apps",
  "timeZone",
  "useTz",
  "databaseRouters",
  "fetchMode",
  "defaultAutoField",
  "contentTypes",
  "debug",
  "slowQuery",
]);
/** Makes an orm of settings. Throws `ImproperlyConfigured` with every mistake in the definitions at once. */
export function defineOrm<T extends Orm>(
  settings: BabikSettings,
  Class: new (apps: Readonly<Record<string, object>>, runtime: Runtime) => T,
): T {
  if (typeof settings !== "object" || settings === null)
    throw new ImproperlyConfigured("babik() takes an object of settings: { databases, apps }.", "settings.argument");
  for (const key of Object.keys(settings))
    if (!SETTINGS.has(key))
      throw new ImproperlyConfigured(
        `babik() has no setting '${key}'. Settings are: ${[...SETTINGS].join(", ")}.`,
        "settings.unknown",
      );
  if (typeof settings.apps !== "object" || settings.apps === null)
    throw new ImproperlyConfigured("babik() needs apps: { name: module }.", "settings.apps");
  const registry = new Registry(settings.defaultAutoField);
  const found: [Definition, ModelClass][] = [];
  const seen = new Set<Definition>();
  const placed: [app: string, definition: Definition][] = [];
  for (const [app, module] of Object.entries(settings.apps)) {
    for (const value of Object.values(module)) {
      const definition = definitionOf(value);
      if (definition === undefined) continue;
      const earlier = found.findIndex(([d]) => d === definition);
      // The class users made, not the one it extends, where a module exports both.
      if (seen.has(definition)) {
        if (
          earlier >= 0 &&
          (value as ModelClass).prototype instanceof (found[earlier]![1] as unknown as new () => object)
        )
          found[earlier] = [definition, value as ModelClass];
        continue;
      }
      seen.add(definition);
      registry.add(app, definition);
      placed.push([app, definition]);
      found.push([definition, value as ModelClass]);
    }
  }
  if (lacksContentTypes(placed, settings.contentTypes === true)) {
    // A class for each orm: content types know the orm whose models they stand for.
    const cls = defineModel(CONTENT_TYPE_LABEL, contentTypeFields(), contentTypeMeta());
    registry.add("contenttypes", definitionOf(cls)!);
    found.push([definitionOf(cls)!, cls]);
  }
  registry.finish();
  for (const [definition, cls] of found) {
    const meta = registry.metaOf(definition)!;
    meta.modelClass = cls;
    definition.meta = meta;
  }
  const bound = new Set<Definition>();
  const bindAll = (definition: Definition): void => {
    if (bound.has(definition) || definition.meta === null) return;
    bound.add(definition);
    const bases = basesOf(definition);
    for (const base of bases) bindAll(base);
    const own = bindManagers(definition, definition.meta.modelClass as ModelClass, definition.meta);
    definition.managers = withInherited(own, definition, bases);
    setManagers(definition.meta, definition.managers, own.size);
  };
  for (const [definition] of found) bindAll(definition);
  for (const meta of registry.models.values()) if (meta.modelClass === null) throughClass(meta);
  const problems = [...runChecks([...registry.models.values()], registry.problems), ...unknownSenders(registry)].filter(
    (c) => c.level === "error",
  );
  if (problems.length > 0)
    throw new ImproperlyConfigured(
      `The models have ${problems.length === 1 ? "a mistake" : `${problems.length} mistakes`}:\n${problems.map((c) => `- ${c.object}: (${c.id}) ${c.message}${c.hint ? ` ${c.hint}` : ""}`).join("\n")}`,
      problems[0]!.id,
      { choices: problems.map((c) => c.id) },
    );
  const zone = timeZoneOf(settings.timeZone ?? "UTC");
  installTimeZone(zone, readZoneFrom);
  const runtime = new Runtime({
    registry,
    connections: connectAll(settings.databases ?? { default: "sqlite::memory:" }),
    operations,
    routers: readRouters(settings.databaseRouters),
    timeZone: zone,
    fetchMode: settings.fetchMode ?? "peers",
  });
  applyWatchSettings(runtime.connections, settings);
  for (const meta of registry.models.values()) attachRuntime(meta, runtime);
  for (const meta of registry.models.values()) {
    const cls = meta.modelClass as ModelClass;
    installAccessors(meta, definitionOf(cls)!.base.prototype);
    const target = orderedFrom(meta)?.modelClass as ModelClass | undefined;
    if (target !== undefined) installSiblingOrder(meta, definitionOf(target)!.base.prototype);
  }
  const types = registry.models.get(CONTENT_TYPE_LABEL)?.modelClass as ModelClass | undefined;
  if (types !== undefined) {
    attachContentTypes(runtime);
    installContentTypeMethods(definitionOf(types)!.base.prototype);
  }
  const orm = new Class(settings.apps, runtime);
  current = orm;
  orms = [...orms.filter((ref) => ref.deref() !== undefined), new WeakRef(orm)];
  addSenders(registry);
  for (const meta of registry.models.values()) classPrepared.sendSync(meta.modelClass as ModelClass, {});
  return orm;
}
function throughClass(meta: ModelMeta): void {
  const cls = makeClass(meta.label, {}, meta.options, [], null, ModelBase as unknown as ModelClass);
  const d = definitionOf(cls)!;
  d.meta = meta;
  meta.modelClass = cls;
}
/** Managers of Meta (`managers: { objects: (qs) => … }`) and of the class's static properties, by name. */
function bindManagers(definition: Definition, cls: ModelClass, meta: ModelMeta): Map<string, Manager> {
  const out = new Map<string, Manager>();
  for (const [name, of] of Object.entries(meta.options.managers ?? {})) {
    const manager =
      of instanceof Manager
        ? of
        : typeof of === "function" && !(of as { prototype?: unknown }).prototype
          ? managerFrom(of as (qs: QuerySet) => QuerySet)
          : typeof of === "function" && Object.getOwnPropertyNames(of).includes("prototype") && isClass(of)
            ? makeManager(of)
            : managerFrom(of as (qs: QuerySet) => QuerySet);
    out.set(name, manager.bind(cls, name));
  }
  for (let c: object = cls; c !== definition.base && c !== Function.prototype; c = Object.getPrototypeOf(c) as object)
    for (const [name, d] of Object.entries(Object.getOwnPropertyDescriptors(c)))
      if (d.value instanceof Manager && !out.has(name)) out.set(name, d.value.bind(cls, name));
  for (const [name, m] of out)
    if (name !== "objects" && !Object.hasOwn(cls, name))
      Object.defineProperty(definition.base, name, { value: m, configurable: true });
  if (out.size > 0 && !out.has("objects") && meta.options.managers !== undefined)
    out.set("objects", new Manager().bind(cls, "objects"));
  return out;
}
/** The models that a model takes tables, rows and managers from. */
function basesOf(definition: Definition): Definition[] {
  const model = definition.proxyFor as Definition | null;
  return [...(model === null ? [] : [model]), ...(definition.parents as Definition[])];
}
/** A model has the managers of its bases behind its own; they give rows of this model. */
function withInherited(
  own: ReadonlyMap<string, Manager>,
  definition: Definition,
  bases: readonly Definition[],
): Map<string, Manager> {
  const out = new Map(own);
  for (const base of bases)
    for (const [name, m] of base.managers ?? []) {
      if (out.has(name)) continue;
      const manager = m.bind(definition.meta!.modelClass as ModelClass, name);
      out.set(name, manager);
      // The class of the base has its own manager under this name, which would be found otherwise.
      if (name !== "objects") Object.defineProperty(definition.base, name, { value: manager, configurable: true });
    }
  return out;
}
function isClass(fn: object): boolean {
  return Function.prototype.toString.call(fn).startsWith("class");
}
