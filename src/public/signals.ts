/** Signals under their public types. Only casts and documentation stand here; `docs/signals.md` shows them at work. */
import { receiver as connectTo, Signal as SignalClass, type SignalOptions } from "../base/signal.js";
import type { Database } from "../db/connection.js";
import { connectionCreated as created, type ConnectionCreatedArguments } from "../db/created.js";
import { callable } from "../fields/factories.js";
import * as signals from "../orm/signals/model-signals.js";
import type * as t from "../orm/types/signals.types.js";

/** A signal that carries `Args`. */
export type Signal<Args extends object = Record<never, never>, Sender = unknown> = SignalClass<Args, Sender>;
/** The class of signals, which can be called without `new`. */
export interface SignalConstructor {
  new <Args extends object = Record<never, never>, Sender = unknown>(options?: SignalOptions): Signal<Args, Sender>;
  <Args extends object = Record<never, never>, Sender = unknown>(options?: SignalOptions): Signal<Args, Sender>;
}
/**
 * Makes a signal of your own.
 * @param options `sync: true` where it is sent by `sendSync`: async receivers are refused
 * @example
 * const paid = Signal<{ order: Order; amount: Decimal }>();
 * paid.connect(async ({ order, amount }) => { await sendReceipt(order, amount); });
 * await paid.send(checkout, { order, amount });
 * @see https://docs.djangoproject.com/en/stable/topics/signals/#defining-and-sending-signals
 */
export const Signal = callable(SignalClass) as unknown as SignalConstructor;
/**
 * Connects a function to a signal, or to several, and gives it back; it also decorates static methods.
 * @param signals a signal, or a list of them
 * @param options `sender`, `dispatchUid`, `weak`, as for `connect`
 * @example export const audit = receiver([postSave, postDelete], { sender: Product })(({ instance }) => log(instance.pk));
 * @see https://docs.djangoproject.com/en/stable/topics/signals/#connecting-receiver-functions
 */
export const receiver = connectTo as unknown as t.ReceiverFunction;

/**
 * Before an instance gets its values, by `new` or from a row. Receivers are plain functions; they may change the values given to `new`.
 * @example preInit.connect(({ values }) => { values.name ??= "unnamed"; }, { sender: Product })
 * @see https://docs.djangoproject.com/en/stable/ref/signals/#pre-init
 */
export const preInit = signals.preInit as unknown as t.ModelSignal<"preInit">;
/**
 * After an instance got its values, by `new` or from a row. Receivers are plain functions, called for every row that is read.
 * @example postInit.connect(({ instance }) => { before.set(instance, instance.price); }, { sender: Product })
 * @see https://docs.djangoproject.com/en/stable/ref/signals/#post-init
 */
export const postInit = signals.postInit as unknown as t.ModelSignal<"postInit">;
/**
 * Before `save()` sends anything. What a receiver sets on the instance is saved; what it throws ends the save.
 * @example preSave.connect(({ instance }) => { instance.slug = slugify(instance.name); }, { sender: Product })
 * @see https://docs.djangoproject.com/en/stable/ref/signals/#pre-save
 */
export const preSave = signals.preSave as unknown as t.ModelSignal<"preSave">;
/**
 * After `save()` wrote the row. Only a transaction of the caller takes the row back where a receiver throws, as in Django.
 * @example postSave.connect(async ({ instance, created }) => { if (created) await welcome(instance); }, { sender: "crm.Customer" })
 * @see https://docs.djangoproject.com/en/stable/ref/signals/#post-save
 */
export const postSave = signals.postSave as unknown as t.ModelSignal<"postSave">;
/**
 * Before rows are deleted, once for each of them, also for those that `onDelete` takes along. It runs in the transaction of the deletion. While
 * somebody listens, rows of the model are read before they are deleted.
 * @example preDelete.connect(async ({ instance, origin }) => { await archive(instance); }, { sender: Order })
 * @see https://docs.djangoproject.com/en/stable/ref/signals/#pre-delete
 */
export const preDelete = signals.preDelete as unknown as t.ModelSignal<"preDelete">;
/**
 * After a model's rows are deleted, once for each of them; the instance still has its key. It runs in the transaction of the deletion.
 * @example postDelete.connect(({ instance }) => onCommit(() => removeFile(instance.path)), { sender: Photo })
 * @see https://docs.djangoproject.com/en/stable/ref/signals/#post-delete
 */
export const postDelete = signals.postDelete as unknown as t.ModelSignal<"postDelete">;
/**
 * Before and after pairs of a many-to-many relation are added, removed or cleared, by whatever side. It runs in their transaction.
 * @example m2mChanged.connect(({ action, pkSet }) => { if (action === "post_add") index(pkSet); }, { sender: "Book.authors" })
 * @see https://docs.djangoproject.com/en/stable/ref/signals/#m2m-changed
 */
export const m2mChanged = signals.m2mChanged as unknown as t.ManyToManySignal;
/**
 * When a model is ready: once for each model of an orm, at the end of `babik()`. Receivers are plain functions.
 * @example classPrepared.connect(({ sender }) => { documented.add(sender.meta.label); })
 * @see https://docs.djangoproject.com/en/stable/ref/signals/#class-prepared
 */
export const classPrepared = signals.classPrepared as unknown as t.ModelSignal<"classPrepared">;
/**
 * When a connection to a database was made, before anybody else uses it: the first one of SQLite, each one of a pool, those for streams and advisory
 * locks. Receivers may be async; what one throws reaches whoever needed the connection. Sender is the database. Settings that a receiver makes
 * stay on the connection for as long as it lives.
 * @example
 * connectionCreated.connect(async ({ connection }) => {
 *   await using cursor = connection.cursor();
 *   await cursor.execute("SET application_name = 'reports'");
 * }, { sender: orm.connection("replica") })
 * @see https://docs.djangoproject.com/en/stable/ref/signals/#connection-created
 */
export const connectionCreated = created as unknown as Signal<ConnectionCreatedArguments, Database>;
