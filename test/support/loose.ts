/** The public API without types, for tests whose models are of no interest to the type checker: names are checked at run time only. */
import { babik, model } from "babik";
import { afterAll, beforeAll } from "vitest";
import { testDatabase } from "./database.js";

/** A row: fields by name, and the methods of instances. */
export interface LooseRow {
  [field: string]: unknown;
  pk: unknown;
  readonly _state: { readonly adding: boolean };
  save(options?: object): Promise<void>;
  delete(options?: object): Promise<[number, Record<string, number>]>;
  refreshFromDb(options?: object): Promise<void>;
  fullClean(options?: object): Promise<void>;
  cleanFields(options?: object): Promise<void>;
  validateUnique(options?: object): Promise<void>;
  validateConstraints(options?: object): Promise<void>;
  getDeferredFields(): Set<string>;
  getNextBy(field: string, conditions?: object): Promise<LooseRow>;
  getPreviousBy(field: string, conditions?: object): Promise<LooseRow>;
}
/** A queryset or manager. */
export interface LooseSet extends PromiseLike<LooseRow[]> {
  all(): LooseSet;
  filter(...conditions: unknown[]): LooseSet;
  exclude(...conditions: unknown[]): LooseSet;
  orderBy(...names: unknown[]): LooseSet;
  distinct(...names: string[]): LooseSet;
  annotate(...args: unknown[]): LooseSet;
  selectRelated(...names: string[]): LooseSet;
  prefetchRelated(...names: string[]): LooseSet;
  only(...names: string[]): LooseSet;
  defer(...names: string[]): LooseSet;
  slice(from: number, to: number): LooseSet;
  union(...others: LooseSet[]): LooseSet;
  none(): LooseSet;
  using(alias: string): LooseSet;
  values(...names: string[]): LooseSet;
  valuesList(...names: unknown[]): PromiseLike<unknown[]> & LooseSet;
  get(conditions?: unknown): Promise<LooseRow>;
  first(): Promise<LooseRow | null>;
  count(): Promise<number>;
  exists(): Promise<boolean>;
  create(values?: object): Promise<LooseRow>;
  bulkCreate(rows: readonly LooseRow[]): Promise<LooseRow[]>;
  update(values: object): Promise<number>;
  delete(): Promise<[number, Record<string, number>]>;
}
export interface LooseModel {
  new (values?: object): LooseRow;
  readonly objects: LooseSet;
  readonly DoesNotExist: new (message: string) => Error;
  readonly NotUpdated: new (message: string) => Error;
  extend(label: string, fields: object, meta?: object): LooseModel;
  proxy(label: string, meta?: object): LooseModel;
  fromDb(alias: string, names: readonly string[], values: readonly unknown[]): LooseRow;
}
export const looseModel = model as unknown as (label: string, fields: object, meta?: object) => LooseModel;

/** What the tests need of an orm. */
export interface LooseOrm {
  connection(alias?: string): {
    readonly dialect: { readonly features: Readonly<Record<string, unknown>>; readonly name: string };
  };
  atomic<T>(fn: () => Promise<T>): Promise<T>;
  createTables(): Promise<void>;
  close(): Promise<void>;
}
/** An orm of these models in the app `shop`, on a database of the calling test file, with its tables. Call it at the top of the file. */
export async function looseOrm(models: Readonly<Record<string, LooseModel>>): Promise<LooseOrm> {
  const { url } = await testDatabase();
  const orm = babik({ databases: { default: url }, apps: { shop: models } } as never) as unknown as LooseOrm;
  beforeAll(() => orm.createTables());
  afterAll(() => orm.close());
  return orm;
}
/** The error that a promise ends with. */
export async function failure(
  work: PromiseLike<unknown> | (() => PromiseLike<unknown>),
): Promise<Error & Readonly<Record<string, unknown>>> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error("nothing was thrown");
}
