/**
 * Signals: who wants to hear of something is told, in the order of connecting. It knows no models; what a sender is, and when two
 * are the same, a subclass may decide.
 */
import { namedOptions } from "./options.js";
import { QueryTypeError, ValueError } from "./errors.js";

/** What every receiver gets besides the arguments that were sent. */
export interface SignalContext<Sender = unknown> {
  /** The signal that was sent; one receiver may serve several. */
  readonly signal: object;
  readonly sender: Sender;
}
/** The one argument of a receiver. */
export type SignalEventOf<Args extends object, Sender> = Readonly<Args> & SignalContext<Sender>;
/** Called when the signal is sent; where it gives a promise, the sender waits for it. */
export type SignalReceiver<Args extends object, Sender = unknown> = (event: SignalEventOf<Args, Sender>) => unknown;
/** What the receivers gave, in the order in which they were called. */
export type SignalResponses = [receiver: (...args: never[]) => unknown, response: unknown][];

/** The arguments of `send` after the sender; nothing has to be said where nothing is carried. */
export type Sent<Args extends object> = Record<never, never> extends Args ? [args?: Args] : [args: Args];
/** How a receiver is connected. */
export interface ConnectOptions<Sender = unknown> {
  /** Only what this sender sends; without it, everything. */
  readonly sender?: Sender;
  /** A name for the connection: a second one of the same name and sender is not made. */
  readonly dispatchUid?: string | number | symbol | object;
  /** The signal does not keep the receiver alive: it ends when nobody else refers to it. */
  readonly weak?: boolean;
}
/** Which connection is meant: the options that it was made with. */
export type DisconnectOptions<Sender = unknown> = Omit<ConnectOptions<Sender>, "weak">;
/** A connection that was made; `using` ends it with its block. */
export interface SignalConnection extends Disposable {
  /** Ends the connection. @returns whether there still was one */
  disconnect(): boolean;
}

type AnyReceiver = (event: never) => unknown;
/** One connection, as it is kept. */
export interface Link {
  /** `dispatchUid`; undefined where the receiver itself is meant. */
  readonly uid: unknown;
  /** What the sender's key has to be; `EVERY` without a sender. */
  readonly key: unknown;
  readonly receiver: AnyReceiver | WeakRef<AnyReceiver>;
}
/** Key of connections that name no sender. */
export const EVERY: unique symbol = Symbol("every sender");

/** How a signal works. */
export interface SignalOptions {
  /** It is sent where nobody can wait: receivers that give promises are refused. */
  readonly sync?: boolean;
}

/**
 * Something that can be listened to. Make one for what happens in your program; those of models (`preSave`, …) are there already.
 * @example
 * const paid = Signal<{ order: Order; amount: Decimal }>();
 * paid.connect(async ({ order, amount }) => { await receipt(order, amount); });
 * await paid.send(checkout, { order, amount });
 * Django: https://docs.djangoproject.com/en/stable/topics/signals/
 */
export class Signal<Args extends object = Record<never, never>, Sender = unknown> {
  #links: readonly Link[] = [];
  #bySender = new WeakMap<object, readonly Link[]>();
  readonly #sync: boolean;

  constructor(options: SignalOptions = {}) {
    this.#sync = namedOptions("Signal()", options, ["sync"]).sync === true;
  }

  /**
   * Has a receiver called whenever the signal is sent. The same receiver for the same sender is connected once.
   * @param receiver gets one object: what was sent, `sender` and `signal`
   * @param options `sender`; `dispatchUid`, a name that keeps a module that runs twice from connecting twice; `weak`: without it the
   * signal keeps the receiver
   * @throws QueryTypeError for a receiver that is no function, or an async one where nobody can wait
   */
  connect(receiver: SignalReceiver<Args, Sender>, options: ConnectOptions<Sender> = {}): SignalConnection {
    const { sender, dispatchUid, weak } = this.#options("connect()", options, ["sender", "dispatchUid", "weak"]);
    if (typeof receiver !== "function")
      throw new QueryTypeError("connect() takes a function first: the receiver.", "signal.receiver");
    if (this.#sync && Object.prototype.toString.call(receiver) === "[object AsyncFunction]") throw asyncReceiver();
    const key = sender === undefined || sender === null ? EVERY : this.keyOf(sender);
    let link = this.#find(dispatchUid ?? receiver, key);
    if (link === undefined) {
      link = { uid: dispatchUid, key, receiver: weak === true ? new WeakRef(receiver) : receiver };
      this.#set([...this.#alive(), link]);
    }
    // By the connection and not by its receiver, which may be held weakly.
    const made = link;
    const disconnect = (): boolean => this.#remove(made);
    return { disconnect, [Symbol.dispose]: () => void disconnect() };
  }
  /**
   * Ends a connection.
   * @param receiver the receiver; may be left out where `dispatchUid` is given
   * @param options `sender` and `dispatchUid`, as they were given to `connect`
   * @returns whether there was such a connection
   */
  disconnect(receiver?: SignalReceiver<Args, Sender> | null, options: DisconnectOptions<Sender> = {}): boolean {
    const { sender, dispatchUid } = this.#options("disconnect()", options, ["sender", "dispatchUid"]);
    const id = dispatchUid ?? receiver ?? undefined;
    if (id === undefined)
      throw new QueryTypeError("disconnect() takes the receiver, or the option dispatchUid.", "signal.receiver");
    return this.#remove(this.#find(id, sender === undefined || sender === null ? EVERY : this.keyOf(sender)));
  }
  /** Whether anybody would hear of what this sender sends; without a sender, whether anybody listens to everything. */
  hasListeners(sender?: Sender): boolean {
    return this.#links.length > 0 && this.#receivers(sender).length > 0;
  }
  /**
   * Calls the receivers, one after the other, each awaited before the next.
   * @returns each receiver with what it gave
   * @throws what a receiver throws; those after it are not called
   */
  async send(sender: Sender, ...[args]: Sent<Args>): Promise<SignalResponses> {
    const out: SignalResponses = [];
    if (this.#links.length > 0)
      for (const call of this.#receivers(sender)) out.push([call, await call(this.#event(sender, args))]);
    return out;
  }
  /** As `send`, but what a receiver throws is its response, as an `Error`, and the others are called all the same. */
  async sendRobust(sender: Sender, ...[args]: Sent<Args>): Promise<SignalResponses> {
    const out: SignalResponses = [];
    if (this.#links.length === 0) return out;
    for (const call of this.#receivers(sender)) {
      try {
        out.push([call, await call(this.#event(sender, args))]);
      } catch (error) {
        out.push([
          call,
          error instanceof Error
            ? error
            : new ValueError("A receiver threw something that is no Error.", "signal.thrown", { cause: error }),
        ]);
      }
    }
    return out;
  }
  /**
   * As `send`, where nobody can wait.
   * @throws QueryTypeError where a receiver gives a promise
   */
  sendSync(sender: Sender, ...[args]: Sent<Args>): SignalResponses {
    const out: SignalResponses = [];
    if (this.#links.length === 0) return out;
    for (const call of this.#receivers(sender)) {
      const response = call(this.#event(sender, args));
      if (isThenable(response)) {
        // Nobody waits for it: its failure is told by this error. What starts only when it is awaited (a queryset) is not started.
        if (response instanceof Promise) response.catch(() => undefined);
        throw asyncReceiver();
      }
      out.push([call, response]);
    }
    return out;
  }

  // ---- for signals whose senders are more than themselves ---------------------------------------------------------
  /** What a sender is kept as, and compared by. @throws QueryTypeError for what cannot send this signal */
  protected keyOf(sender: unknown): unknown {
    return sender;
  }
  /** Whether what was connected under `key` is meant by `sender`. */
  protected isFor(key: unknown, sender: unknown): boolean {
    return Object.is(key, sender);
  }
  /** Called when connections were made or ended. */
  protected changed(_any: boolean): void {}
  /** Keys that connections were made with. */
  protected get keys(): readonly unknown[] {
    return this.#links.map((l) => l.key);
  }
  /** Who is meant may have changed: it is found out anew. */
  protected forget(): void {
    this.#bySender = new WeakMap();
  }

  #options<T extends object>(call: string, given: T, known: readonly (string & keyof T)[]): T {
    const options = namedOptions(call, given, known);
    // A class that is not there yet, because two modules import each other, must not come to mean every sender.
    for (const [name, value] of Object.entries(options))
      if (value === undefined)
        throw new ValueError(
          `The option '${name}' of ${call} is undefined; leave it out.${name === "sender" ? " Where modules import each other, name the sender by its label." : ""}`,
          "value.undefined",
          { path: name },
        );
    return options;
  }
  #event(sender: Sender, args: Args | undefined): never {
    return { ...args, sender, signal: this } as never;
  }
  #set(links: readonly Link[]): void {
    this.#links = links;
    this.forget();
    this.changed(links.length > 0);
  }
  #alive(): readonly Link[] {
    return this.#links.filter((l) => receiverOf(l) !== undefined);
  }
  #find(id: unknown, key: unknown): Link | undefined {
    return this.#alive().find((l) => l.key === key && (l.uid ?? receiverOf(l)) === id);
  }
  #remove(link: Link | undefined): boolean {
    if (link === undefined || !this.#links.includes(link)) return false;
    this.#set(this.#alive().filter((l) => l !== link));
    return true;
  }
  #receivers(sender: unknown): AnyReceiver[] {
    const out: AnyReceiver[] = [];
    for (const link of this.#linksOf(sender)) {
      const alive = receiverOf(link);
      if (alive !== undefined) out.push(alive);
    }
    return out;
  }
  #linksOf(sender: unknown): readonly Link[] {
    const find = (): readonly Link[] => this.#links.filter((l) => l.key === EVERY || this.isFor(l.key, sender));
    if ((typeof sender !== "object" || sender === null) && typeof sender !== "function") return find();
    let known = this.#bySender.get(sender);
    if (known === undefined) this.#bySender.set(sender, (known = find()));
    return known;
  }
}

function receiverOf({ receiver }: Link): AnyReceiver | undefined {
  return receiver instanceof WeakRef ? receiver.deref() : receiver;
}
function isThenable(value: unknown): boolean {
  return (
    (typeof value === "object" || typeof value === "function") &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}
function asyncReceiver(): QueryTypeError {
  return new QueryTypeError(
    "This signal is sent where nobody can wait, so its receivers cannot be async. Use a plain function, and leave what takes time to a later signal (postSave).",
    "signal.async_receiver",
  );
}

/** Something with a `connect` of its own kind. */
interface Connectable {
  connect(receiver: never, options?: never): unknown;
}
/**
 * Connects a function to one signal or several, and gives it back: `const audit = receiver([postSave, postDelete], { sender: Product })(fn)`.
 * It decorates static methods as well.
 * @param signals a signal, or a list of them
 * @param options as for `connect`
 */
export function receiver(
  signals: Connectable | readonly Connectable[],
  options: ConnectOptions = {},
): <F extends (event: never) => unknown>(fn: F, context?: unknown) => F {
  const all = (Array.isArray(signals) ? signals : [signals]) as readonly Connectable[];
  if (all.length === 0 || all.some((s) => typeof s?.connect !== "function"))
    throw new QueryTypeError("receiver() takes a signal, or a list of signals, first.", "signal.receiver");
  return (fn) => {
    for (const s of all) s.connect(fn as never, options as never);
    return fn;
  };
}
