/** The rows related by a table of pairs: `book.authors`, `author.books`. See Django's "Related objects reference". */
import { NotSupportedError, QueryTypeError, ValueError } from "../../base/errors.js";
import type { Database } from "../../db/connection.js";
import { Q } from "../../expressions/q.js";
import type { ForeignKey } from "../../fields/relations.js";
import type { MetaField, ModelMeta } from "../../meta/options.js";
import { keyText, rawValue, stateOf } from "../instance-state.js";
import { Manager } from "../manager.js";
import type { ModelClass } from "../model.js";
import type { QuerySet } from "../queryset.js";
import { runtimeOf } from "../runtime.js";
import { m2mChanged, type ManyArguments } from "../signals/model-signals.js";
import { baseQuerySet, hintsOf, relatedQuerySet } from "./base-query.js";
import type { ManySide } from "./loaders.js";
import { kindOf } from "./related-errors.js";
import { checkOptions, listOf, RelatedSet, splitRows, type Call, type SetSource } from "./related-set.js";

type Defaults = Readonly<Record<string, unknown>>;

/** A set by a table of pairs, as its manager uses it. */
export class ManySet extends RelatedSet {
  readonly side: ManySide;
  readonly related: ModelMeta;
  readonly relation: MetaField;
  readonly cacheName: string;
  protected readonly sticky = true;

  constructor(side: ManySide, source: SetSource) {
    super(source);
    this.side = side;
    this.related = side.related;
    this.relation = side.reversed ? side.field.reverse : side.field;
    this.cacheName = side.cacheName;
  }
  from(source: SetSource): ManySet {
    return new ManySet(this.side, source);
  }
  /** The value by which pairs name this instance. */
  private get own(): unknown {
    return rawValue(this.instance, this.side.source.toFields[0]!.attname);
  }
  check(): void {
    for (const { attname } of this.side.source.toFields)
      if ((rawValue(this.instance, attname) ?? null) === null)
        throw new ValueError(
          `"${kindOf(this.instance)}" needs to have a value for field "${attname}" before this many-to-many relationship can be used.`,
          "relation.no_value",
          { path: attname },
        );
    this.requireKey();
  }
  private checkWrite(): void {
    this.check();
    const { source, target, through, field } = this.side;
    if (source.toFields.length > 1 || target.toFields.length > 1)
      throw new NotSupportedError(
        `The pairs of ${field.path} are told by several columns; write rows of ${through.label} instead.`,
        "relation.several_columns",
        { model: through.label },
      );
  }
  protected conditions(): Readonly<Record<string, unknown>> {
    const { queryName, source } = this.side;
    return Object.fromEntries(
      source.toFields.map((f) => [`${queryName}__${f.name}`, rawValue(this.instance, f.attname)]),
    );
  }

  /** Pairs alone tell how many rows there are, where the database vouches for the other side and nothing filters it. */
  override shortcut(): QuerySet | null {
    const { through, source, target } = this.side;
    const { manager, alias } = this.source;
    if (this.isPrefetched || manager.constructor !== Manager || !target.dbConstraint || source.toFields.length > 1)
      return null;
    this.check();
    const pairs = baseQuerySet(through).with({ hints: hintsOf(this.instance), ...(alias === null ? {} : { alias }) });
    const mine = pairs.filter({ [source.name]: this.own });
    return target.null ? mine.filter({ [`${target.name}__isnull`]: false }) : mine;
  }

  // ---- new rows -------------------------------------------------------------------------------------------------
  async create(call: Call, values: Record<string, unknown>, options: Record<string, unknown>): Promise<unknown> {
    checkOptions("create", options, ["throughDefaults"]);
    this.checkWrite();
    const made = await call(values);
    await this.addRows([made], defaultsOf(options));
    return made;
  }
  async getOrCreate(
    call: Call,
    conditions: Record<string, unknown>,
    options: Record<string, unknown>,
  ): Promise<unknown> {
    return this.found(call, conditions, options);
  }
  async updateOrCreate(
    call: Call,
    conditions: Record<string, unknown>,
    options: Record<string, unknown>,
  ): Promise<unknown> {
    return this.found(call, conditions, options);
  }
  private async found(
    call: Call,
    conditions: Record<string, unknown>,
    options: Record<string, unknown>,
  ): Promise<unknown> {
    this.checkWrite();
    const { throughDefaults: _own, ...rest } = options;
    const result = (await call(conditions, rest)) as [object, boolean];
    // One that was found is in the set already.
    if (result[1]) await this.addRows([result[0]], defaultsOf(options));
    return result;
  }

  // ---- changing the set -----------------------------------------------------------------------------------------
  async add(given: readonly unknown[]): Promise<void> {
    const { rows, options } = splitRows("add", given, ["throughDefaults"]);
    await this.addRows(rows, defaultsOf(options));
  }
  private async addRows(rows: readonly unknown[], defaults: Defaults): Promise<void> {
    this.checkWrite();
    this.forget();
    const { source, target, field } = this.side;
    const db = this.writeTo(this.side.through);
    await db.atomic(
      async () => {
        await this.addPairs(db, source, target, rows, defaults);
        // Friends of each other are two rows.
        if (field.symmetrical) await this.addPairs(db, target, source, rows, defaults);
      },
      { savepoint: false },
    );
  }
  private async addPairs(
    db: Database,
    from: ForeignKey,
    to: ForeignKey,
    rows: readonly unknown[],
    given: Defaults,
  ): Promise<void> {
    if (rows.length === 0) return;
    const { through, reversed, source } = this.side;
    const defaults = Object.fromEntries(
      Object.entries(given).map(([k, v]) => [k, typeof v === "function" ? (v as () => unknown)() : v]),
    );
    const keys = this.keysOf(to, rows);
    const { features } = await db.ready();
    // Only a table of babik's own has no other constraint that a row may break.
    const ignore = through.autoCreated !== null && features.ignoreConflicts;
    const signal = (reversed || from === source) && listens(through);
    const own = this.own;
    const insert = async (list: Iterable<unknown>): Promise<void> => {
      const Class = through.modelClass as ModelClass;
      const pairs = [...list].map((key) => new Class({ ...defaults, [from.attname]: own, [to.attname]: key }));
      if (pairs.length > 0)
        await relatedQuerySet(through).using(db.alias).bulkCreate(pairs, { ignoreConflicts: ignore });
    };
    if (ignore && !signal) return insert(keys.values());
    const there = (await relatedQuerySet(through)
      .using(db.alias)
      .filter({ [from.name]: own, [`${to.name}__in`]: [...keys.values()] })
      .valuesList(to.attname, { flat: true })
      .rows()) as unknown[];
    for (const key of there) keys.delete(keyText(key));
    await db.atomic(
      async () => {
        if (signal) await this.tell("pre_add", keys, db);
        await insert(keys.values());
        if (signal) await this.tell("post_add", keys, db);
      },
      { savepoint: false },
    );
  }
  /** Values by which pairs name the rows, each once, by text. */
  private keysOf(to: ForeignKey, rows: readonly unknown[]): Map<string, unknown> {
    const out = new Map<string, unknown>();
    for (const row of rows) {
      let key: unknown;
      if (this.isRow(row)) {
        if (!this.mayRelate(row))
          throw new ValueError(
            `Cannot add "${kindOf(row)}": instance is on database "${stateOf(this.instance).db ?? ""}", value is on database "${stateOf(row).db ?? ""}"`,
            "relation.database",
            { model: this.related.label },
          );
        key = rawValue(row, to.target.attname) ?? null;
        if (key === null)
          throw new ValueError(
            `Cannot add "${kindOf(row)}": the value for field "${to.name}" is None (null); save it first.`,
            "relation.unsaved_row",
            { model: this.related.label },
          );
      } else key = to.target.prep(row);
      out.set(keyText(key), key);
    }
    // Always in one order: two who add the same rows wait for each other instead of locking each other out.
    return new Map(
      [...out].sort(([a, x], [b, y]) => (typeof x === "number" && typeof y === "number" ? x - y : a < b ? -1 : 1)),
    );
  }
  private mayRelate(row: object): boolean {
    return runtimeOf(this.related).routing.allowRelation(row, this.instance);
  }
  async remove(given: readonly unknown[]): Promise<void> {
    const { rows } = splitRows("remove", given, []);
    await this.removeRows(rows);
  }
  private async removeRows(rows: readonly unknown[]): Promise<void> {
    this.checkWrite();
    this.forget();
    if (rows.length === 0) return;
    const { through, target } = this.side;
    const keys = new Map<string, unknown>();
    for (const row of rows) {
      const key = this.isRow(row) ? rawValue(row, target.target.attname) : target.target.prep(row);
      keys.set(keyText(key), key);
    }
    const db = this.writeTo(through);
    await db.atomic(
      async () => {
        const signal = listens(through);
        if (signal) await this.tell("pre_remove", keys, db);
        const all = this.source.manager.getQuerySet();
        // The default manager may hide rows: what is hidden is not in the set, and stays.
        const values = [...keys.values()];
        const gone = hasFilters(all) ? all.using(db.alias).filter({ [`${target.target.name}__in`]: values }) : values;
        await this.deletePairs(db, gone);
        if (signal) await this.tell("post_remove", keys, db);
      },
      { savepoint: false },
    );
  }
  async clear(options: Record<string, unknown>): Promise<void> {
    checkOptions("clear", options, []);
    this.checkWrite();
    this.forget();
    const { through } = this.side;
    const db = this.writeTo(through);
    await db.atomic(
      async () => {
        const signal = listens(through);
        if (signal) await this.tell("pre_clear", null, db);
        const all = this.source.manager.getQuerySet();
        await this.deletePairs(db, hasFilters(all) ? all.using(db.alias) : null);
        if (signal) await this.tell("post_clear", null, db);
      },
      { savepoint: false },
    );
  }
  /** Deletes pairs of this instance with some rows, or with all (`null`). */
  private async deletePairs(db: Database, rows: readonly unknown[] | QuerySet | null): Promise<void> {
    const { through, source, target, field } = this.side;
    const pairs = (one: ForeignKey, other: ForeignKey): Q =>
      new Q({ [one.name]: this.own, ...(rows === null ? {} : { [`${other.name}__in`]: rows }) });
    const mine = pairs(source, target);
    await relatedQuerySet(through)
      .using(db.alias)
      .filter(field.symmetrical ? mine.or(pairs(target, source)) : mine)
      .delete();
  }
  async set(given: unknown, options: Record<string, unknown>): Promise<void> {
    checkOptions("set", options, ["clear", "throughDefaults"]);
    this.checkWrite();
    const rows = await listOf("set", given);
    const { target, through } = this.side;
    const db = this.writeTo(through);
    await db.atomic(
      async () => {
        this.forget();
        const defaults = defaultsOf(options);
        if (options["clear"] === true) {
          await this.clear({});
          await this.addRows(rows, defaults);
          return;
        }
        const old = new Map(
          (
            (await this.getQuerySet()
              .using(db.alias)
              .valuesList(target.target.name, { flat: true })
              .rows()) as unknown[]
          ).map((k) => [keyText(k), k]),
        );
        const fresh: unknown[] = [];
        for (const row of rows) {
          const key = this.isRow(row) ? rawValue(row, target.target.attname) : target.target.prep(row);
          if (!old.delete(keyText(key))) fresh.push(row);
        }
        await this.removeRows([...old.values()]);
        await this.addRows(fresh, defaults);
      },
      { savepoint: false },
    );
  }
  private async tell(
    action: ManyArguments["action"],
    keys: ReadonlyMap<string, unknown> | null,
    db: Database,
  ): Promise<void> {
    const { through, reversed, related } = this.side;
    await m2mChanged.send(through.modelClass as ModelClass, {
      action,
      instance: this.instance,
      reverse: reversed,
      model: related.modelClass as ModelClass,
      pkSet: keys === null ? null : new Set(keys.values()),
      using: db.alias,
    });
  }
}
/** Whether anybody wants to hear of these pairs; while nobody does, they are added by one INSERT. */
function listens(through: ModelMeta): boolean {
  return m2mChanged.hasListeners(through.modelClass as ModelClass);
}
function hasFilters(qs: QuerySet): boolean {
  return qs.query.where.children.length > 0 || qs.query.isSliced || qs.query.empty;
}
function defaultsOf(options: Record<string, unknown>): Defaults {
  const given = options["throughDefaults"] ?? {};
  if (typeof given !== "object" || given === null)
    throw new QueryTypeError("throughDefaults is an object of values for the model between.", "relation.option");
  return given as Defaults;
}
