/** The base class of all models. Its methods hand over to the operations of the orm; its state is private. */
import { onlyOption, type OnlyOption } from "./untrusted.js";
import { namedOptions } from "../base/options.js";
import { siblingOf } from "./sibling-order.js";
import { INSTANCE } from "../ast/slots.js";
import { ImproperlyConfigured, ValueError } from "../base/errors.js";
import type { ModelMeta } from "../meta/options.js";
import { usingTransaction } from "./bound.js";
import type { ModelClass } from "./definition.js";
import {
  FROM_DB,
  installStateAccess,
  InstanceState,
  metaOfInstance,
  ownState,
  pkOf,
  putValue,
  stateOf,
  type Fill,
} from "./instance-state.js";
import {
  runtimeOf,
  type CleanOptions,
  type Deleted,
  type DeleteOptions,
  type RefreshOptions,
  type SaveBaseOptions,
  type SaveOptions,
} from "./runtime.js";
import { initListeners } from "./signals/model-signals.js";
import { fillHeard, initialiseHeard } from "./signals/instances.js";

const SAVE = ["forceInsert", "forceUpdate", "using", "updateFields"] as const;
const REFRESH = ["using", "fields", "fromQueryset", "fromQuerySet"] as const;
const CLEAN = ["exclude", "validateUnique", "validateConstraints"] as const;

export type { ModelClass } from "./definition.js";

/** An instance is one row. Values of fields are own properties; everything else is on the prototype or private. */
export abstract class ModelBase {
  #state: InstanceState;

  constructor(values?: unknown, row?: unknown, state?: unknown, fill?: unknown) {
    if (values === FROM_DB) {
      this.#state = state as InstanceState;
      if (initListeners.any) fillHeard(this, fill as Fill, row as unknown[]);
      else (fill as Fill)(this, row as unknown[]);
      return;
    }
    const meta = (new.target as unknown as ModelClass).meta;
    this.#state = new InstanceState(null, true, null, "peers", false);
    const given = (values ?? {}) as Record<string, unknown>;
    if (initListeners.any) initialiseHeard(this, meta, given);
    else runtimeOf(meta).operations.initialise(this, meta, given);
  }
  static {
    installStateAccess({
      get: (o) => (#state in o ? (o as ModelBase).#state : undefined),
      set: (o, s) => {
        (o as ModelBase).#state = s;
      },
    });
  }

  /** The primary key: a value, or a list for composite keys. */
  get pk(): unknown {
    return pkOf(this);
  }
  set pk(value: unknown) {
    const meta = metaOfInstance(this);
    if (!meta.hasCompositePk) {
      for (const [parent, link] of meta.parents) {
        // The key of a child is its parent's key too.
        if (link !== null && link.primaryKey) putValue(this, parent.pk.attname, value);
      }
      putValue(this, meta.pk.attname, value);
      return;
    }
    if (value !== null && (!Array.isArray(value) || value.length !== meta.pkFields.length))
      throw new ValueError(
        `The primary key of ${meta.objectName} has ${meta.pkFields.length} parts: a list of ${meta.pkFields.map((f) => f.name).join(", ")}, or null.`,
        "instance.composite_key",
        { model: meta.label },
      );
    const values: readonly unknown[] = value === null ? meta.pkFields.map(() => null) : value;
    meta.pkFields.forEach((f, i) => putValue(this, f.attname, values[i]));
  }
  /** Whether the row is saved, and in which database; both can be set, as for copies into another database. */
  get _state(): { adding: boolean; db: string | undefined } {
    return stateView(this);
  }
  async save(options: SaveOptions = {}): Promise<void> {
    const { operations } = runtimeOf(metaOfInstance(this));
    return usingTransaction(namedOptions("save()", options, SAVE), (o) => operations.save(this, o));
  }
  async saveBase(options: SaveBaseOptions = {}): Promise<void> {
    const { operations } = runtimeOf(metaOfInstance(this));
    return usingTransaction(namedOptions("saveBase()", options, [...SAVE, "raw"]), (o) => operations.saveBase(this, o));
  }
  async delete(options: DeleteOptions = {}): Promise<Deleted> {
    const { operations } = runtimeOf(metaOfInstance(this));
    return usingTransaction(namedOptions("delete()", options, ["using", "keepParents"]), (o) =>
      operations.delete(this, o),
    );
  }
  async refreshFromDb(options: RefreshOptions = {}): Promise<void> {
    const { operations } = runtimeOf(metaOfInstance(this));
    return usingTransaction(namedOptions("refreshFromDb()", options, REFRESH), (o) => operations.refresh(this, o));
  }
  set(given: Readonly<Record<string, unknown>>, options: OnlyOption = {}): this {
    const values = onlyOption("set", given, options);
    runtimeOf(metaOfInstance(this)).operations.assign(this, values);
    return this;
  }
  async fullClean(options: CleanOptions = {}): Promise<void> {
    return runtimeOf(metaOfInstance(this)).operations.fullClean(this, namedOptions("fullClean()", options, CLEAN));
  }
  async cleanFields(options: CleanOptions = {}): Promise<void> {
    return runtimeOf(metaOfInstance(this)).operations.cleanFields(this, namedOptions("cleanFields()", options, CLEAN));
  }
  /** For models to override: checks over several fields. */
  clean(): void | Promise<void> {}
  async validateUnique(options: CleanOptions = {}): Promise<void> {
    return runtimeOf(metaOfInstance(this)).operations.validateUnique(
      this,
      namedOptions("validateUnique()", options, CLEAN),
    );
  }
  async validateConstraints(options: CleanOptions = {}): Promise<void> {
    return runtimeOf(metaOfInstance(this)).operations.validateConstraints(
      this,
      namedOptions("validateConstraints()", options, CLEAN),
    );
  }
  /** Attnames of fields that are not loaded. */
  getDeferredFields(): Set<string> {
    return new Set(
      metaOfInstance(this)
        .concreteFields.filter((f) => !Object.hasOwn(this, f.attname))
        .map((f) => f.attname),
    );
  }
  getNextBy(field: string, conditions: unknown = {}): Promise<object> {
    return runtimeOf(metaOfInstance(this)).operations.nextBy(this, field, true, conditions);
  }
  getPreviousBy(field: string, conditions: unknown = {}): Promise<object> {
    return runtimeOf(metaOfInstance(this)).operations.nextBy(this, field, false, conditions);
  }
  getNextInOrder(): Promise<object> {
    return siblingOf(this, true);
  }
  getPreviousInOrder(): Promise<object> {
    return siblingOf(this, false);
  }
  getDisplay(name: string): string {
    const field = metaOfInstance(this).getConcrete(name);
    const value = (this as unknown as Record<string, unknown>)[field.attname];
    const found = field.flatChoices.find(([v]) => v === value);
    return found === undefined ? String(value ?? "") : found[1];
  }
  serializableValue(name: string): unknown {
    const field = metaOfInstance(this).find(name);
    const attname = field !== undefined && "attname" in field ? field.attname : name;
    return (this as unknown as Record<string, unknown>)[attname];
  }
  /** Same concrete model and same key; unsaved instances are equal to themselves only. */
  equals(other: unknown): boolean {
    if (other === this) return true;
    if (!(other instanceof ModelBase)) return false;
    const a = metaOfInstance(this),
      b = metaOfInstance(other);
    const pk = this.pk;
    if (a.concrete !== b.concrete || pk === null || pk === undefined) return false;
    return JSON.stringify(pk, bigints) === JSON.stringify(other.pk, bigints);
  }
  toString(): string {
    return `${metaOfInstance(this).objectName} object (${String(this.pk)})`;
  }
  /** Loaded fields as plain data; integers too big for JSON as text. */
  toJSON(): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    for (const [k, v] of Object.entries(this))
      out[k] = typeof v === "bigint" ? v.toString() : v instanceof Uint8Array ? Buffer.from(v).toString("base64") : v;
    return out;
  }
  get [INSTANCE](): ModelMeta {
    return (this.constructor as unknown as ModelClass).meta;
  }
  static get meta(): ModelMeta {
    throw new ImproperlyConfigured(
      `The model ${this.name} is in no app yet; give its module to babik({ apps }).`,
      "model.unregistered",
    );
  }
}
function bigints(_key: string, v: unknown): unknown {
  return typeof v === "bigint" ? `${v}n` : v;
}
function stateView(instance: object): { adding: boolean; db: string | undefined } {
  return {
    get adding() {
      return stateOf(instance).adding;
    },
    set adding(value: boolean) {
      if (typeof value !== "boolean")
        throw new ValueError("_state.adding is true or false.", "model.state", { path: "_state.adding" });
      ownState(instance).adding = value;
    },
    get db() {
      return stateOf(instance).db ?? undefined;
    },
    set db(alias: string | undefined) {
      const known = runtimeOf(metaOfInstance(instance)).connections;
      ownState(instance).db = alias === undefined || alias === null ? null : known.get(alias).alias;
    },
  };
}
