/**
 * Signals of models as types: the event that a receiver gets follows from the signal and the sender that it was connected to. What stands
 * behind them at run time is in `base/signal.ts` and `orm/signals/`.
 */
import type { Signal, SignalConnection, SignalResponses } from "../../base/signal.js";
import type { Rel } from "./fields.types.js";
import type { KeyValue } from "./relations.types.js";
import type {
  AnyModelClass,
  Classes,
  ClassOf,
  FieldsOf,
  Instance,
  LooseRow,
  Problem,
  ResolveLabel,
} from "./registry.types.js";

/** Phantom: which of the signals of models it is. */
export declare const $signal: unique symbol;

/** What may send a model's signals: a class, or a label. */
export type SenderInput = AnyModelClass | string;
/** The class that a sender stands for. */
export type SenderClass<S> = S extends string ? ([ClassOf<S>] extends [never] ? AnyModelClass : ClassOf<S>) : S;
/** Instances of a sender; loose rows where it may be any model. */
export type SenderInstance<S> = S extends string
  ? Instance<S>
  : S extends abstract new (...args: any) => infer I
    ? I
    : LooseRow;
// Labels are not known without a Register, and not told by a type `string`.
type Known<S> = [keyof Classes] extends [never] ? false : string extends S ? false : true;
/** The sender itself, or what is wrong with it. */
export type ValidSender<S> = S extends string
  ? Known<S> extends false
    ? S
    : S extends keyof Classes
      ? S
      : Problem<`no model is labelled '${S}'`, keyof Classes>
  : S;

/** What is told beside `sender` and `signal`, by signal. `C` is the class that sends, `I` its instances. */
export interface SignalArguments<C, I> {
  readonly preInit: {
    /** The values given to `new`, which a receiver may change; of a row that was read its columns, frozen. */
    readonly values: Record<string, unknown>;
  };
  readonly postInit: { readonly instance: I };
  readonly preSave: Saving<I>;
  readonly postSave: Saving<I> & {
    /** Whether a row was inserted. */
    readonly created: boolean;
  };
  readonly preDelete: Deleting<I>;
  readonly postDelete: Deleting<I>;
  readonly classPrepared: { readonly sender?: C };
}
interface Saving<I> {
  readonly instance: I;
  /** The row comes from a fixture and is saved as it is: nothing else should be read or changed. */
  readonly raw: boolean;
  /** Alias of the database. */
  readonly using: string;
  /** Names given as `updateFields`, or loaded fields of an instance that lacks some; null where all are saved. */
  readonly updateFields: ReadonlySet<string> | null;
}
interface Deleting<I> {
  readonly instance: I;
  /** Alias of the database. */
  readonly using: string;
  /** The instance or the queryset that `delete()` was called on. */
  readonly origin: object;
}
/** Names of the signals of models, but `m2mChanged`. */
export type SignalName = keyof SignalArguments<unknown, unknown>;
/** What a receiver gets when the signal `K` is sent by `S`. */
export type SignalEvent<K extends SignalName, S = AnyModelClass> = SignalArguments<
  SenderClass<S>,
  SenderInstance<S>
>[K] & {
  readonly sender: SenderClass<S>;
  readonly signal: ModelSignal<K>;
};

/** How a receiver is connected to a model's signal. */
export interface ModelConnectOptions<S> {
  /** A model class or its label; without it, all models. */
  readonly sender?: S | null;
  /** A name for the connection: a second one of the same name and sender is not made. */
  readonly dispatchUid?: string | number | symbol | object;
  /** The signal does not keep the receiver alive: it ends when nobody else refers to it. */
  readonly weak?: boolean;
}
// Anything but a promise, where nobody could wait for it.
type Plain = void | null | string | number | boolean | bigint | symbol | { readonly then?: never };
type Sync = "preInit" | "postInit" | "classPrepared";
/** What receivers of the signal may give. */
export type Given<K> = K extends Sync ? Plain : unknown;

/** A signal that models send. */
export interface ModelSignal<K extends SignalName> {
  readonly [$signal]: K;
  /**
   * Has a receiver called whenever a model, or this one, sends the signal.
   * @param receiver gets one object, typed by the sender: `({ instance, created }) => { … }`. It may be async, but for `preInit`,
   * `postInit` and `classPrepared`
   * @param options `sender`: a model class or its label, such as `"shop.Product"`; `dispatchUid`; `weak`
   * @throws QueryTypeError for a receiver or sender that is none; LookupError for a label that no model has
   */
  connect<const S extends SenderInput = AnyModelClass>(
    receiver: (event: SignalEvent<K, S>) => Given<K>,
    options?: ModelConnectOptions<ValidSender<S>>,
  ): SignalConnection;
  /** Ends a connection, which is named by the receiver or `dispatchUid`, and the sender. @returns whether there was one */
  disconnect<const S extends SenderInput = AnyModelClass>(
    receiver?: ((event: never) => unknown) | null,
    options?: Omit<ModelConnectOptions<ValidSender<S>>, "weak">,
  ): boolean;
  /** Whether anybody listens to this model; without one, whether anybody listens to all. */
  hasListeners<const S extends SenderInput = AnyModelClass>(sender?: ValidSender<S>): boolean;
  /** Sends it by hand; receivers are awaited one after the other. */
  send<S extends AnyModelClass>(sender: S, args: SignalArguments<S, SenderInstance<S>>[K]): Promise<SignalResponses>;
  /** As `send`; what a receiver throws is its response. */
  sendRobust<S extends AnyModelClass>(
    sender: S,
    args: SignalArguments<S, SenderInstance<S>>[K],
  ): Promise<SignalResponses>;
}

// ---------------------------------------------------------------- many-to-many

type PathOf<S extends string> = S extends `${infer A}.${infer M}.${infer F}`
  ? readonly [`${A}.${M}`, F]
  : S extends `${infer L}.${infer F}`
    ? readonly [L, F]
    : readonly [S, ""];
// Label at the other end of the field that a path names; never where it names none.
type TargetOf<S extends string> =
  PathOf<S> extends readonly [infer L extends string, infer F]
    ? F extends keyof FieldsOf<L>
      ? FieldsOf<L>[F] extends Rel<"m2m", infer To, any>
        ? ResolveLabel<To, L>
        : never
      : never
    : never;
/** The sender of `m2mChanged` itself, or what is wrong with it. */
export type ValidManySender<S> = S extends string
  ? Known<S> extends false
    ? S
    : S extends keyof Classes
      ? S
      : [TargetOf<S>] extends [never]
        ? Problem<`'${S}' is neither a many-to-many field ("Book.authors") nor the label of a model between`>
        : S
  : S;
interface Both {
  readonly using: string;
  readonly signal: ManyToManySignal;
  /** The model between. */
  readonly sender: AnyModelClass;
}
type Pairs<I, M, K, R extends boolean> = {
  /** The row whose set changes. */
  readonly instance: I;
  /** The model of the rows that are added, removed or cleared. */
  readonly model: M;
  /** Seen from the target of the field. */
  readonly reverse: R;
} & (
  | {
      readonly action: "pre_add" | "post_add" | "pre_remove" | "post_remove";
      /** Keys of the other rows; when rows are added, of those that were not there yet. */
      readonly pkSet: ReadonlySet<K>;
    }
  | { readonly action: "pre_clear" | "post_clear"; readonly pkSet: null }
);
/** What a receiver of `m2mChanged` gets. */
export type ManyToManyEvent<S = AnyModelClass> = Both &
  (S extends string
    ? [TargetOf<S>] extends [never]
      ? Pairs<LooseRow, AnyModelClass, any, boolean>
      : PathOf<S> extends readonly [infer L extends string, string]
        ?
            | Pairs<Instance<L>, ClassOf<TargetOf<S>>, KeyValue<TargetOf<S>>, false>
            | Pairs<Instance<TargetOf<S>>, ClassOf<L>, KeyValue<L>, true>
        : never
    : Pairs<LooseRow, AnyModelClass, any, boolean>);

/** The signal of relations by pairs. Its sender is the model between, or the field: `"Book.authors"`, `"shop.Book.authors"`. */
export interface ManyToManySignal {
  readonly [$signal]: "m2mChanged";
  /**
   * Has a receiver called before and after pairs are added, removed or cleared.
   * @param receiver gets one object: `action`, `instance`, `model`, `pkSet`, `reverse`, `using`; it may be async
   * @param options `sender`: a field (`"Book.authors"`), or the model between, as a class or its label; `dispatchUid`; `weak`
   * @throws QueryTypeError for a receiver or sender that is none; LookupError for a name that no field or model has
   */
  connect<const S extends SenderInput = AnyModelClass>(
    receiver: (event: ManyToManyEvent<S>) => unknown,
    options?: ModelConnectOptions<ValidManySender<S>>,
  ): SignalConnection;
  /** Ends a connection, which is named by the receiver or `dispatchUid`, and the sender. @returns whether there was one */
  disconnect<const S extends SenderInput = AnyModelClass>(
    receiver?: ((event: never) => unknown) | null,
    options?: Omit<ModelConnectOptions<ValidManySender<S>>, "weak">,
  ): boolean;
  /** Whether anybody listens to these pairs; without a sender, whether anybody listens to all. */
  hasListeners<const S extends SenderInput = AnyModelClass>(sender?: ValidManySender<S>): boolean;
}

// ---------------------------------------------------------------- receiver()

/** Any signal, for `receiver`. */
export type AnySignal = ModelSignal<any> | ManyToManySignal | Signal<any, any>;
type EventOf<G, S> = G extends ManyToManySignal
  ? ManyToManyEvent<S>
  : G extends { readonly [$signal]: infer K extends SignalName }
    ? SignalEvent<K, S>
    : G extends Signal<infer A, infer T>
      ? Readonly<A> & { readonly sender: T; readonly signal: object }
      : never;
type Member<G> = G extends readonly (infer X)[] ? X : G;
type SenderOf<G, S> = [Member<G>] extends [ManyToManySignal]
  ? ValidManySender<S>
  : [Member<G>] extends [{ readonly [$signal]: SignalName }]
    ? ValidSender<S>
    : S;
/** `receiver(postSave, { sender: Product })(({ instance }) => { … })`. */
export interface ReceiverFunction {
  <const G extends AnySignal | readonly AnySignal[], const S = AnyModelClass>(
    signals: G,
    options?: ModelConnectOptions<SenderOf<G, S>>,
  ): <F extends (event: EventOf<Member<G>, S>) => unknown>(fn: F, context?: unknown) => F;
}
