/**
 * Routers: which database a model's rows are read from and written to, which rows may be related, where tables are made.
 * The rules of the program itself, asked in order; the first answer counts. It must not know querysets.
 */
import { ImproperlyConfigured, suggest, ValueError } from "../base/errors.js";
import type { ModelMeta } from "../meta/options.js";
import { type InstanceState, stateOf } from "./instance-state.js";

/** What a router is told besides the model. */
export interface RouterHints {
  /** The instance that the query starts from: the row that is saved, or whose related rows are read. */
  readonly instance?: object | undefined;
  readonly [hint: string]: unknown;
}
/** What a router can find out about the moment. */
export interface RouterContext {
  /** Whether the caller is inside of a transaction of that database. */
  inTransaction(alias: string): boolean;
}
/** A model class as routers see it. */
export interface RoutedModel {
  readonly name: string;
  readonly meta: { readonly label: string; readonly appLabel: string; readonly modelName: string };
}
/**
 * Rules for databases, as in Django. Every method may be missing, and may answer nothing: then the next router is asked.
 * Django: https://docs.djangoproject.com/en/stable/topics/db/multi-db/#automatic-database-routing
 */
export interface Router {
  /** Alias of the database that rows of `model` are read from. */
  dbForRead?(model: RoutedModel, hints: RouterHints, context: RouterContext): string | null | undefined;
  /** Alias of the database that rows of `model` are written to. */
  dbForWrite?(model: RoutedModel, hints: RouterHints, context: RouterContext): string | null | undefined;
  /** Whether `a` and `b` may be related to each other. */
  allowRelation?(a: object, b: object, hints: RouterHints): boolean | null | undefined;
  /** Whether the tables of a model (`hints.model`) belong into the database. */
  allowMigrate?(alias: string, appLabel: string, hints: RouterHints): boolean | null | undefined;
}

const methods = ["dbForRead", "dbForWrite", "allowRelation", "allowMigrate"] as const;

/** The routers of the settings, checked. @throws ImproperlyConfigured for what is none */
export function readRouters(given: unknown): readonly Router[] {
  if (given === undefined) return [];
  if (!Array.isArray(given))
    throw new ImproperlyConfigured("The setting databaseRouters takes a list of routers.", "settings.routers");
  for (const [i, router] of (given as unknown[]).entries()) {
    if (typeof router !== "object" || router === null)
      throw new ImproperlyConfigured(
        `databaseRouters[${i}] is no router: it takes an object with some of the methods ${methods.join(", ")}.`,
        "settings.routers",
      );
    const rules = router as Readonly<Record<string, unknown>>;
    for (const name of methods)
      if (rules[name] !== undefined && rules[name] !== null && typeof rules[name] !== "function")
        throw new ImproperlyConfigured(`databaseRouters[${i}].${name} has to be a method.`, "settings.routers");
    // A misspelt method would never be called, and nobody would notice.
    const own = Object.keys(router).find(
      (name) => typeof rules[name] === "function" && /^(?:db_?for|allow)/i.test(name),
    );
    const wrong = own !== undefined && !(methods as readonly string[]).includes(own) ? own : undefined;
    if (wrong !== undefined)
      throw new ImproperlyConfigured(
        `databaseRouters[${i}] has a method '${wrong}', which no router has.${suggest(wrong, methods)}`,
        "settings.routers",
      );
  }
  return [...(given as Router[])];
}

/** The routers of an orm, and what holds where none of them answers. */
export class Routing {
  readonly routers: readonly Router[];
  readonly #context: RouterContext;

  constructor(routers: readonly Router[], context: RouterContext) {
    this.routers = routers;
    this.#context = context;
  }

  /** Alias for rows of a model: by the routers, else the instance's own database, else `default`. */
  database(meta: ModelMeta, write: boolean, hints: RouterHints): string {
    for (const router of this.routers) {
      const model = meta.modelClass as RoutedModel;
      const alias = write
        ? router.dbForWrite?.(model, hints, this.#context)
        : router.dbForRead?.(model, hints, this.#context);
      if (typeof alias === "string" && alias !== "") return alias;
      if (alias !== undefined && alias !== null && alias !== "")
        throw new ValueError(
          `A database router answered ${write ? "dbForWrite" : "dbForRead"} of ${meta.label} with ${typeof alias}; it answers with an alias, or with nothing.`,
          "router.answer",
          { model: meta.label },
        );
    }
    const { instance } = hints;
    return databaseOfInstance(instance) ?? "default";
  }

  /** Whether two instances may be related: by the routers, else when they are in one database. */
  allowRelation(a: object, b: object): boolean {
    for (const router of this.routers) {
      const allowed = router.allowRelation?.(a, b, {});
      if (typeof allowed === "boolean") return allowed;
    }
    return stateOf(a).db === stateOf(b).db;
  }

  /** Whether the tables of a model belong into a database: by the routers, else yes. */
  allowMigrate(alias: string, meta: ModelMeta): boolean {
    return this.allowMigrateApp(alias, meta.appLabel, {
      modelName: meta.modelName,
      model: meta.modelClass,
    });
  }

  /** The same for work on an app that belongs to no single model. */
  allowMigrateApp(alias: string, appLabel: string, hints: RouterHints = {}): boolean {
    for (const router of this.routers) {
      const allowed = router.allowMigrate?.(alias, appLabel, hints);
      if (typeof allowed === "boolean") return allowed;
    }
    return true;
  }
}

// Hints may come from users: an object that is no instance has no database.
function databaseOfInstance(instance: unknown): string | null {
  if (typeof instance !== "object" || instance === null) return null;
  return (stateOf(instance) as InstanceState | undefined)?.db ?? null;
}

/** Settings of `replicaRouter`. */
export interface ReplicaRouterOptions {
  /** Alias of the database that is written to; `"default"` where it is left out. */
  readonly primary?: string;
  /** Aliases of the databases that follow it. */
  readonly replicas: readonly string[];
  /** Apps that this is for; all of them where it is left out. */
  readonly apps?: readonly string[];
  /** Chooses a replica; at random where it is left out. */
  readonly choose?: (replicas: readonly string[]) => string;
}

/**
 * A router for replicas: rows are read from one of the replicas, and written to the primary. Reads that prepare a write
 * (`getOrCreate`, `selectForUpdate`) and everything inside of a transaction of the primary go to the primary, so that a
 * transaction sees its own work. Rows of all of them may be related; tables are made in the primary only.
 *
 * A replica may lag behind: what was just written is read for sure inside of `atomic()` or with `using("default")`.
 * @throws ImproperlyConfigured for settings that cannot be used
 * @example babik({ databases: { default: "postgres://…", replica: "postgres://…" }, apps, databaseRouters: [replicaRouter({ replicas: ["replica"] })] })
 * Django: https://docs.djangoproject.com/en/stable/topics/db/multi-db/#an-example
 */
export function replicaRouter(options: ReplicaRouterOptions): Required<Router> {
  const { primary = "default", replicas, apps, choose } = options ?? {};
  const aliases = (list: unknown): list is readonly string[] =>
    Array.isArray(list) && list.every((alias) => typeof alias === "string" && alias !== "");
  if (typeof primary !== "string" || !aliases(replicas) || replicas.length === 0)
    throw new ImproperlyConfigured(
      'replicaRouter() takes { primary: "default", replicas: ["replica"] }, with at least one replica.',
      "settings.replicas",
    );
  if (replicas.includes(primary))
    throw new ImproperlyConfigured(`'${primary}' cannot be its own replica.`, "settings.replicas");
  if (apps !== undefined && !aliases(apps))
    throw new ImproperlyConfigured("The option 'apps' of replicaRouter() is a list of labels.", "settings.replicas");
  const all = new Set([primary, ...replicas]);
  const mine = (appLabel: string): boolean => apps === undefined || apps.includes(appLabel);
  const pick = choose ?? ((list) => list[Math.floor(Math.random() * list.length)]!);
  return {
    dbForRead(model, hints, context) {
      if (!mine(model.meta.appLabel)) return null;
      // What belongs to a row of another database stays there.
      const home = databaseOfInstance(hints.instance);
      if (home !== null && !all.has(home)) return null;
      return context.inTransaction(primary) ? primary : pick(replicas);
    },
    dbForWrite: (model) => (mine(model.meta.appLabel) ? primary : null),
    allowRelation(a, b) {
      const [one, other] = [stateOf(a).db, stateOf(b).db];
      return one !== null && other !== null && all.has(one) && all.has(other) ? true : null;
    },
    allowMigrate(alias, appLabel) {
      if (!mine(appLabel)) return null;
      return replicas.includes(alias) ? false : null;
    },
  };
}
