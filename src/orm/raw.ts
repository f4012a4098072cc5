/** Instances from SQL of the user's own: `raw(sql, params)` and the `sql` tagged template. */
import { namedOptions } from "../base/options.js";
import { FieldDoesNotExist, FieldError, QueryTypeError, ValueError } from "../base/errors.js";
import { isInstanceMember } from "../base/reserved.js";
import { isOptions } from "../expressions/makers.js";
import type { DbParam } from "../ast/seams.js";
import { convertPlaceholders, pickParams } from "../db/placeholders.js";
import { primitive } from "../sql/compiled.js";
import { inferType } from "../query/types.js";
import type { Field } from "../fields/field.js";
import { classFor, compileFill } from "./hydrate.js";
import { Transaction } from "../db/begin.js";
import { aliasOf, bindTransaction, runBound } from "./bound.js";
import { databaseOf } from "./execute.js";
import { FROM_DB, InstanceState } from "./instance-state.js";
import type { QuerySetLike } from "./queryset-state.js";
import { runtimeOf } from "./runtime.js";

const TEMPLATE: unique symbol = Symbol("sql template");
/** SQL with values apart: made by the `sql` tag. */
export interface SqlTemplate {
  readonly [TEMPLATE]: true;
  readonly strings: readonly string[];
  readonly values: readonly unknown[];
}
/** `sql\`SELECT * FROM shop_product WHERE price < ${20}\``: values are always parameters. */
export function sql(strings: TemplateStringsArray, ...values: unknown[]): SqlTemplate {
  // Only the language makes frozen lists with `raw`: a text, or a list that came as data, was never written in the program.
  if (
    !Array.isArray(strings) ||
    !Object.isFrozen(strings) ||
    !Array.isArray(strings.raw) ||
    !Object.isFrozen(strings.raw) ||
    strings.length !== values.length + 1
  )
    throw new QueryTypeError(
      "sql is a tag, written sql`SELECT …`; it cannot be called with a text. Text that is put together goes to raw(text, params).",
      "raw.tag",
    );
  if (values.some((v) => v === undefined))
    throw new ValueError("A value of the sql template is undefined; write null for SQL NULL.", "value.undefined");
  return { [TEMPLATE]: true, strings: [...strings], values };
}
function isTemplate(v: unknown): v is SqlTemplate {
  return typeof v === "object" && v !== null && TEMPLATE in v;
}

/** A raw query, run when awaited. Missing columns of the model are deferred, unknown ones become properties. */
export class RawQuerySet implements PromiseLike<object[]> {
  readonly #qs: QuerySetLike;
  readonly #sql: string | SqlTemplate;
  readonly #params: readonly unknown[] | Readonly<Record<string, unknown>>;
  readonly #translations: Readonly<Record<string, string>>;
  readonly #prefetches: readonly unknown[];
  #result: Promise<object[]> | null = null;
  #columns: readonly string[] = [];

  constructor(
    qs: QuerySetLike,
    text: string | SqlTemplate,
    params: readonly unknown[] | Readonly<Record<string, unknown>>,
    translations: Readonly<Record<string, string>>,
    prefetches: readonly unknown[] = [],
  ) {
    this.#qs = qs;
    this.#sql = text;
    this.#params = params;
    this.#translations = translations;
    this.#prefetches = prefetches;
  }
  using(database: string | Transaction): RawQuerySet {
    const qs =
      database instanceof Transaction
        ? bindTransaction(this.#qs, database)
        : this.#qs.with({ alias: aliasOf(database) });
    return new RawQuerySet(qs, this.#sql, this.#params, this.#translations, this.#prefetches);
  }
  prefetchRelated(...lookups: unknown[]): RawQuerySet {
    return new RawQuerySet(
      this.#qs,
      this.#sql,
      this.#params,
      this.#translations,
      lookups.length === 1 && lookups[0] === null ? [] : [...this.#prefetches, ...lookups],
    );
  }
  rows(): Promise<object[]> {
    return (this.#result ??= runBound(this.#qs.parts.binding, () => this.#run()));
  }
  /** Names of the statement's columns, in order; asking for them runs it. */
  get columns(): Promise<readonly string[]> {
    return this.rows().then(() => this.#columns);
  }
  then<A = object[], B = never>(
    ok?: ((rows: object[]) => A | PromiseLike<A>) | null,
    no?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.rows().then(ok, no);
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<object> {
    for (const row of await this.rows()) yield row;
  }
  iterator(): AsyncGenerator<object> {
    return this[Symbol.asyncIterator]();
  }
  toString(): string {
    return `RawQuerySet of ${this.#qs.meta.label}`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  async #run(): Promise<object[]> {
    const { meta } = this.#qs;
    const db = databaseOf(this.#qs.parts);
    const info = await db.ready();
    const one = (v: unknown): DbParam => {
      if (v === null) return null;
      if (v === undefined)
        throw new ValueError("A parameter of raw() is undefined; write null for SQL NULL.", "value.undefined");
      const type = inferType(v);
      return type === null ? primitive(v, info) : type.toDb(type.prep(v), info);
    };
    let text: string, params: DbParam[];
    if (isTemplate(this.#sql)) {
      text = this.#sql.strings.map((s, i) => (i === 0 ? s : (info.name === "postgres" ? `$${i}` : "?") + s)).join("");
      params = this.#sql.values.map(one);
    } else {
      const list = this.#params;
      const any = Array.isArray(list) ? list.length > 0 : Object.keys(list).length > 0;
      if (!any) {
        text = this.#sql;
        params = [];
      } else {
        const converted = convertPlaceholders(this.#sql, info);
        text = converted.text;
        params = pickParams(converted.slots, list as never).map(one);
      }
    }
    const result = await db.run({ text, params }, { wantColumns: true });
    const columns = [...(result.columns ?? [])];
    this.#columns = [...columns];
    const byColumn = new Map<string, Field>(meta.concreteFields.map((f) => [f.column!, f]));
    for (const [from, to] of Object.entries(this.#translations)) {
      const at = columns.indexOf(from);
      if (at >= 0) columns[at] = meta.getConcrete(to).column!;
    }
    const fields: Field[] = [],
      slots: { name: string; index: number; read: ((v: unknown) => unknown) | undefined }[] = [];
    columns.forEach((c, index) => {
      const f = byColumn.get(c);
      if (f !== undefined && !fields.includes(f)) {
        fields.push(f);
        slots.push({ name: f.attname, index, read: f.fromDb(info) });
      } else if (isInstanceMember(c))
        throw new FieldError(
          `A column of the raw query is called '${c}', which every instance has as a member. Give it another name with AS.`,
          "raw.column",
          { model: meta.label, path: c },
        );
      else slots.push({ name: c, index, read: undefined });
    });
    const missing = meta.pkFields.find((f) => !fields.includes(f));
    if (missing !== undefined)
      throw new FieldDoesNotExist("Raw query must include the primary key", "raw.no_key", { model: meta.label });
    const cls = classFor(meta, fields);
    const fill = compileFill(slots);
    const out: object[] = [];
    const state = new InstanceState(db.alias, false, out, this.#qs.parts.fetchMode ?? runtimeOf(meta).fetchMode, true);
    for (const row of result.rows) out.push(new cls(FROM_DB, row, state, fill));
    if (this.#prefetches.length > 0 && out.length > 0) await runtimeOf(meta).operations.prefetch(out, this.#prefetches);
    return out;
  }
}
/** `Model.objects.raw(sql, params, { translations, using })`. */
export function rawQuerySet(qs: QuerySetLike, text: unknown, params: unknown = [], options: unknown = {}): RawQuerySet {
  if (typeof text !== "string" && !isTemplate(text))
    throw new QueryTypeError(
      "raw() takes SQL text with %s and a list of parameters, or an sql`…` template.",
      "raw.argument",
    );
  const o = namedOptions(
    "raw()",
    options as { translations?: Record<string, string>; using?: string; params?: unknown } | null,
    ["translations", "using", "params"],
  );
  const p = params === null || params === undefined ? [] : params;
  if (!Array.isArray(p) && !isOptions(p))
    throw new QueryTypeError(
      "The parameters of raw() are a list, or an object of values by name for %(name)s.",
      "raw.parameters",
    );
  const made = new RawQuerySet(qs, text, p as readonly unknown[], o.translations ?? {}, []);
  return o.using === undefined ? made : made.using(o.using);
}
