/** The rows whose foreign key points at an instance: `category.products`. See Django's "Related objects reference". */
import { QueryTypeError, ValueError } from "../../base/errors.js";
import type { ForeignObject, ReverseRelation } from "../../fields/relations.js";
import type { ModelMeta } from "../../meta/options.js";
import { keyText, metaOfInstance, pkOf, stateOf } from "../instance-state.js";
import { modelError } from "../model-errors.js";
import type { QuerySet } from "../queryset.js";
import { runtimeOf } from "../runtime.js";
import { assignRelation } from "./assign.js";
import { baseQuerySet } from "./base-query.js";
import { localValues, targetValues, valuesText } from "./keys.js";
import { setSiblingOrder, siblingsOf } from "./order-accessors.js";
import { kindOf } from "./related-errors.js";
import { checkOptions, listOf, RelatedSet, splitRows, type Call, type SetSource } from "./related-set.js";

/** A set by a foreign key, as its manager uses it. */
export class ReverseSet extends RelatedSet {
  readonly relation: ReverseRelation;
  readonly field: ForeignObject;
  readonly related: ModelMeta;
  readonly cacheName: string;
  protected readonly sticky = false;

  constructor(relation: ReverseRelation, source: SetSource) {
    super(source);
    this.relation = relation;
    this.field = relation.field as ForeignObject;
    this.related = relation.relatedModel as ModelMeta;
    this.cacheName = relation.cacheName;
  }
  from(source: SetSource): ReverseSet {
    return new ReverseSet(this.relation, source);
  }
  check(): void {
    this.requireKey();
    for (const f of this.field.toFields)
      if ((this.instance as Record<string, unknown>)[f.attname] === null)
        throw new ValueError(
          `"${kindOf(this.instance)}" needs to have a value for field "${f.attname}" before this relationship can be used.`,
          "relation.no_value",
          { path: f.attname },
        );
  }
  protected override checkRead(): void {
    this.requireKey();
  }
  protected conditions(): Readonly<Record<string, unknown>> {
    const values = targetValues(this.field, this.instance);
    if (values.length > 1) return { [this.field.name]: this.instance };
    // A deferred column is not waited for: the row itself is as good.
    return values[0] === undefined
      ? { [`${this.field.name}__pk`]: pkOf(this.instance) }
      : { [this.field.name]: values[0] };
  }
  protected override finish(qs: QuerySet): QuerySet {
    const { field, instance } = this;
    const values = targetValues(field, instance);
    if (values.includes(null)) return qs.none();
    const text = valuesText(field.toFields, values);
    if (text === null) return qs;
    // Rows of this set lead back to this very instance.
    const keyOf = (row: object): unknown => valuesText(field.toFields, localValues(field, row)) ?? text;
    return qs.with({
      known: [...qs.known, { cacheName: field.cacheName, objects: new Map([[keyText(text), instance]]), keyOf }],
    });
  }

  // ---- the order of its rows -------------------------------------------------------------------------------------
  private checkOrdered(): void {
    if (this.related.orderWithRespectTo !== this.field)
      throw new QueryTypeError(
        `${this.related.label} has no order with respect to ${this.field.name}; its option orderWithRespectTo would give it one.`,
        "relation.order",
        { model: this.related.label },
      );
  }
  override async getOrder(): Promise<unknown[]> {
    this.checkOrdered();
    return siblingsOf(this.instance, this.related).orderBy("_order").valuesList("pk", { flat: true }).rows();
  }
  override async setOrder(keys: Iterable<unknown>): Promise<void> {
    this.checkOrdered();
    this.forget();
    await setSiblingOrder(this.instance, this.related, keys, this.source.alias ?? undefined);
  }

  // ---- new rows -------------------------------------------------------------------------------------------------
  private withOwner(values: Record<string, unknown>): Record<string, unknown> {
    this.check();
    return { ...values, [this.field.name]: this.instance };
  }
  async create(call: Call, values: Record<string, unknown>, options: Record<string, unknown>): Promise<unknown> {
    checkOptions("create", options, []);
    const all = this.withOwner(values);
    this.forget();
    return call(all);
  }
  async getOrCreate(
    call: Call,
    conditions: Record<string, unknown>,
    options: Record<string, unknown>,
  ): Promise<unknown> {
    const all = this.withOwner(conditions);
    const result = (await call(all, options)) as [object, boolean];
    if (result[1]) this.forget();
    return result;
  }
  async updateOrCreate(
    call: Call,
    conditions: Record<string, unknown>,
    options: Record<string, unknown>,
  ): Promise<unknown> {
    const all = this.withOwner(conditions);
    this.forget();
    return call(all, options);
  }

  // ---- changing the set -----------------------------------------------------------------------------------------
  async add(given: readonly unknown[]): Promise<void> {
    const { rows, options } = splitRows("add", given, ["bulk"]);
    await this.addRows(rows, options["bulk"] !== false);
  }
  private async addRows(rows: readonly unknown[], bulk: boolean): Promise<void> {
    this.check();
    this.forget();
    const { field, related, instance } = this;
    const db = this.writeTo(related);
    const objects = this.instances(rows);
    if (bulk) {
      const keys = objects.map((object) => {
        const state = stateOf(object);
        if (state.adding || state.db !== db.alias)
          throw new ValueError(
            `${kindOf(object)} instance isn't saved. Use { bulk: false } or save the object first.`,
            "relation.unsaved_row",
            { model: related.label },
          );
        return pkOf(object);
      });
      for (const object of objects) assignRelation(object, field, instance);
      if (keys.length === 0) return;
      await baseQuerySet(related)
        .using(db.alias)
        .filter({ pk__in: keys })
        .update({ [field.name]: instance });
      return;
    }
    await db.atomic(
      async () => {
        for (const object of objects) {
          assignRelation(object, field, instance);
          await runtimeOf(related).operations.save(object, {});
        }
      },
      { savepoint: false },
    );
  }
  /** The rows, all of the related model. Keys do not do: a row that is moved here has to know it. */
  private instances(rows: readonly unknown[]): object[] {
    return rows.filter((r): r is object => this.isRow(r, false));
  }
  private requireNullable(method: string): void {
    if (!this.field.null)
      throw new QueryTypeError(
        `${this.related.objectName}.${this.field.name} cannot be null, so rows cannot leave the set by ${method}(). Delete them, or give them to another ${metaOfInstance(this.instance).objectName}.`,
        "relation.not_nullable",
        { model: this.related.label, path: this.field.name },
      );
  }
  async remove(given: readonly unknown[]): Promise<void> {
    this.requireNullable("remove");
    const { rows, options } = splitRows("remove", given, ["bulk"]);
    await this.removeRows(rows, options["bulk"] !== false);
  }
  private async removeRows(rows: readonly unknown[], bulk: boolean): Promise<void> {
    if (rows.length === 0) return;
    this.check();
    const own = valuesText(this.field.toFields, targetValues(this.field, this.instance));
    const keys = this.instances(rows).map((r) => {
      if (valuesText(this.field.toFields, localValues(this.field, r)) !== own) {
        const target = this.field.related as ModelMeta;
        throw new (modelError(target, "DoesNotExist"))(
          `${kindOf(r)} is not related to ${kindOf(this.instance)}.`,
          "relation.not_related",
          { model: target.label },
        );
      }
      return pkOf(r);
    });
    await this.leave((qs) => qs.filter({ pk__in: keys }), bulk);
  }
  async clear(options: Record<string, unknown>): Promise<void> {
    this.requireNullable("clear");
    checkOptions("clear", options, ["bulk"]);
    this.check();
    await this.leave((qs) => qs, options["bulk"] !== false);
  }
  private async leave(choose: (qs: QuerySet) => QuerySet, bulk: boolean): Promise<void> {
    this.forget();
    const db = this.writeTo(this.related);
    const rows = choose(this.getQuerySet()).using(db.alias);
    if (bulk) {
      await rows.update({ [this.field.name]: null });
      return;
    }
    await db.atomic(
      async () => {
        for (const row of (await rows.rows()) as object[]) {
          assignRelation(row, this.field, null);
          await runtimeOf(this.related).operations.save(row, { updateFields: [this.field.name] });
        }
      },
      { savepoint: false },
    );
  }
  async set(given: unknown, options: Record<string, unknown>): Promise<void> {
    checkOptions("set", options, ["bulk", "clear"]);
    this.check();
    const rows = await listOf("set", given);
    const bulk = options["bulk"] !== false;
    if (!this.field.null) return this.addRows(rows, bulk);
    const db = this.writeTo(this.related);
    await db.atomic(
      async () => {
        if (options["clear"] === true) {
          await this.clear({ bulk });
          await this.addRows(rows, bulk);
          return;
        }
        this.forget();
        const old = new Map(
          ((await this.getQuerySet().using(db.alias).rows()) as object[]).map((o) => [keyText(pkOf(o)), o]),
        );
        const fresh: unknown[] = [];
        for (const row of this.instances(rows)) if (!old.delete(keyText(pkOf(row)))) fresh.push(row);
        await this.removeRows([...old.values()], bulk);
        await this.addRows(fresh, bulk);
      },
      { savepoint: false },
    );
  }
}
