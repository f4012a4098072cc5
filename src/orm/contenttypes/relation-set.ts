/** The rows of one model that refer to an object by a generic key: `product.tags`. See Django's "Reverse generic relations". */
import { lateParam, lookup } from "../../ast/expr.js";
import { NotSupportedError, QueryTypeError, ValueError } from "../../base/errors.js";
import { F } from "../../expressions/makers.js";
import { ShapeKey } from "../../expressions/shape-key.js";
import { GenericForeignKey, GenericRelation } from "../../fields/generic.js";
import { ReverseRelation, type ForeignKey } from "../../fields/relations.js";
import type { MetaField, ModelMeta } from "../../meta/options.js";
import { keyText, metaOfInstance, pkOf, putValue, setCached, stateOf } from "../instance-state.js";
import type { QuerySet } from "../queryset.js";
import { registerAccessor, setAccessor } from "../relations/accessors.js";
import { assignRelation } from "../relations/assign.js";
import { baseQuerySet } from "../relations/base-query.js";
import { kindOf } from "../relations/related-errors.js";
import { checkOptions, listOf, RelatedSet, splitRows, type Call, type SetSource } from "../relations/related-set.js";
import { runtimeOf } from "../runtime.js";
import { typesOf } from "./content-types.js";

/** The generic key of the related model that a relation is the other side of, where it is declared there. */
export function keyOfRelation(f: GenericRelation): GenericForeignKey | undefined {
  for (const k of (f.related as ModelMeta).byName.values())
    if (k instanceof GenericForeignKey && k.ctField === f.contentTypeField && k.fkField === f.objectIdField) return k;
  return undefined;
}
/** A queryset cut down to rows that refer to objects of a model. The content type is looked up when it runs. */
export function ofType(qs: QuerySet, f: GenericRelation, meta: ModelMeta): QuerySet {
  const late = meta.contentTypeKey(f.forConcreteModel)!;
  const field = (f.related as ModelMeta).byName.get(f.contentTypeField)!;
  const key = new ShapeKey();
  key.static(`${late.key}@${field.name}`);
  return qs.step(key, (query) =>
    query.addWhere(lookup("exact", query.context.resolver.resolve(query, F(field.name), {}), [lateParam(late, field)])),
  );
}

export class GenericSet extends RelatedSet {
  readonly field: GenericRelation;
  readonly relation: MetaField;
  readonly related: ModelMeta;
  readonly cacheName: string;
  protected readonly sticky = false;

  constructor(field: GenericRelation, source: SetSource) {
    super(source);
    this.field = field;
    this.relation = field;
    this.related = field.related as ModelMeta;
    this.cacheName = field.cacheName;
  }
  from(source: SetSource): GenericSet {
    return new GenericSet(this.field, source);
  }
  check(): void {
    this.requireKey();
  }
  protected conditions(): Readonly<Record<string, unknown>> {
    return { [this.field.objectIdField]: pkOf(this.instance) };
  }
  protected override finish(qs: QuerySet): QuerySet {
    return ofType(qs, this.field, metaOfInstance(this.instance));
  }
  /** Values that make a row one of this set. */
  private async owner(): Promise<Record<string, unknown>> {
    this.check();
    const { instance, field } = this;
    const type = await typesOf(this.related).getForModel(instance, {
      forConcreteModel: field.forConcreteModel,
      using: stateOf(instance).db,
    });
    return { [field.contentTypeField]: type, [field.objectIdField]: pkOf(instance) };
  }

  // ---- new rows -------------------------------------------------------------------------------------------------
  async create(call: Call, values: Record<string, unknown>, options: Record<string, unknown>): Promise<unknown> {
    checkOptions("create", options, []);
    const own = await this.owner();
    this.forget();
    return call({ ...values, ...own });
  }
  async getOrCreate(
    call: Call,
    conditions: Record<string, unknown>,
    options: Record<string, unknown>,
  ): Promise<unknown> {
    const own = await this.owner();
    this.forget();
    return call({ ...conditions, ...own }, options);
  }
  updateOrCreate(call: Call, conditions: Record<string, unknown>, options: Record<string, unknown>): Promise<unknown> {
    return this.getOrCreate(call, conditions, options);
  }

  // ---- changing the set -----------------------------------------------------------------------------------------
  async add(given: readonly unknown[]): Promise<void> {
    const { rows, options } = splitRows("add", given, ["bulk"]);
    await this.addRows(rows, options["bulk"] !== false);
  }
  private async addRows(given: readonly unknown[], bulk: boolean): Promise<void> {
    const own = await this.owner();
    this.forget();
    const { related } = this;
    const db = this.writeTo(related);
    const rows = given.map((r) => {
      if (!this.isRow(r))
        throw new QueryTypeError(`'${related.objectName}' instance expected, got ${kindOf(r)}.`, "relation.row");
      return r;
    });
    if (bulk)
      for (const row of rows) {
        const state = stateOf(row);
        if (state.adding || state.db !== db.alias)
          throw new ValueError(
            `${kindOf(row)} instance isn't saved. Use { bulk: false } or save the object first.`,
            "relation.unsaved_row",
            { model: related.label },
          );
      }
    for (const row of rows) this.point(row, own);
    if (bulk) {
      if (rows.length > 0)
        await baseQuerySet(related)
          .using(db.alias)
          .filter({ pk__in: rows.map(pkOf) })
          .update(own);
      return;
    }
    await db.atomic(
      async () => {
        for (const row of rows) await runtimeOf(related).operations.save(row, { using: db.alias });
      },
      { savepoint: false },
    );
  }
  /** Makes a row refer to the object of this set. */
  private point(row: object, own: Readonly<Record<string, unknown>>): void {
    const { field, related } = this;
    assignRelation(row, related.byName.get(field.contentTypeField) as ForeignKey, own[field.contentTypeField]);
    const objectId = related.byName.get(field.objectIdField)!;
    putValue(row, objectId.attname, objectId.prep(own[field.objectIdField]));
    const key = keyOfRelation(field);
    if (key !== undefined) setCached(row, key.name, this.instance, false);
  }
  async remove(given: readonly unknown[]): Promise<void> {
    const { rows, options } = splitRows("remove", given, ["bulk"]);
    if (rows.length === 0) return;
    const keys = rows.map((r) => (this.isRow(r) ? pkOf(r) : r));
    await this.leave((qs) => qs.filter({ pk__in: keys }), options["bulk"] !== false);
  }
  async clear(options: Record<string, unknown>): Promise<void> {
    checkOptions("clear", options, ["bulk"]);
    await this.leave((qs) => qs, options["bulk"] !== false);
  }
  /** A row without its object is nothing: what leaves the set is deleted. */
  private async leave(choose: (qs: QuerySet) => QuerySet, bulk: boolean): Promise<void> {
    this.forget();
    const db = this.writeTo(this.related);
    const rows = choose(this.getQuerySet()).using(db.alias);
    if (bulk) {
      await rows.delete();
      return;
    }
    await db.atomic(
      async () => {
        for (const row of (await rows.rows()) as object[])
          await runtimeOf(this.related).operations.delete(row, { using: db.alias });
      },
      { savepoint: false },
    );
  }
  async set(given: unknown, options: Record<string, unknown>): Promise<void> {
    checkOptions("set", options, ["bulk", "clear"]);
    this.check();
    const rows = await listOf("set", given);
    const bulk = options["bulk"] !== false;
    const db = this.writeTo(this.related);
    await db.atomic(
      async () => {
        if (options["clear"] === true) {
          await this.clear({});
          await this.addRows(rows, bulk);
          return;
        }
        this.forget();
        const old = new Map(
          ((await this.getQuerySet().using(db.alias).rows()) as object[]).map((o) => [keyText(pkOf(o)), o]),
        );
        const fresh = rows.filter(
          (row) => !old.delete(keyText(this.isRow(row) ? pkOf(row) : this.related.pk.prep(row))),
        );
        await this.remove([...old.values()]);
        await this.addRows(fresh, bulk);
      },
      { savepoint: false },
    );
  }
}

/** The objects of one model that a row refers to, by the name a relation gives that model: at most one. It is for reading. */
export class GenericOwners extends RelatedSet {
  readonly reverse: ReverseRelation;
  readonly relation: MetaField;
  readonly related: ModelMeta;
  readonly cacheName: string;
  protected readonly sticky = false;
  constructor(reverse: ReverseRelation, source: SetSource) {
    super(source);
    this.reverse = reverse;
    this.relation = reverse;
    this.related = reverse.relatedModel as ModelMeta;
    this.cacheName = reverse.cacheName;
  }
  from(source: SetSource): GenericOwners {
    return new GenericOwners(this.reverse, source);
  }
  check(): void {
    this.requireKey();
  }
  protected conditions(): Readonly<Record<string, unknown>> {
    return { [this.reverse.field.name]: this.instance };
  }
  private refuse(): never {
    const key = keyOfRelation(this.reverse.field as GenericRelation)?.name;
    throw new NotSupportedError(
      `${this.cacheName} is for reading.${key === undefined ? "" : ` Assign an object to ${key} instead.`}`,
      "relation.read_only",
      { path: this.cacheName },
    );
  }
  create = async (): Promise<unknown> => this.refuse();
  getOrCreate = async (): Promise<unknown> => this.refuse();
  updateOrCreate = async (): Promise<unknown> => this.refuse();
  add = async (): Promise<void> => this.refuse();
  remove = async (): Promise<void> => this.refuse();
  clear = async (): Promise<void> => this.refuse();
  set = async (): Promise<void> => this.refuse();
}

registerAccessor((relation) => {
  if (relation instanceof ReverseRelation && relation.field instanceof GenericRelation) {
    const reverse = relation;
    return setAccessor(
      reverse.relatedModel as ModelMeta,
      reverse.cacheName,
      "reverse side of a generic relation",
      (source) => new GenericOwners(reverse, source),
    );
  }
  if (!(relation instanceof GenericRelation) || relation.related === undefined) return undefined;
  return setAccessor(
    relation.related as ModelMeta,
    relation.name,
    "reverse side of a generic relation",
    (source) => new GenericSet(relation, source),
  );
});
