/** The signals of models, and what is sent with each. `src/public/signals.ts` gives them on with their types for users. */
import type { ModelClass } from "../definition.js";
import { ManyToManySignal, ModelSignal } from "./senders.js";

/** What a save is told with. */
export interface SaveArguments {
  readonly instance: object;
  /** The row comes from a fixture and is saved as it is: nothing else may be read or changed. */
  readonly raw: boolean;
  readonly using: string;
  /** Names of the fields that are saved; null for all of them. */
  readonly updateFields: ReadonlySet<string> | null;
}
/** What a deletion is told with. */
export interface DeleteArguments {
  readonly instance: object;
  readonly using: string;
  /** The instance or the queryset that `delete()` was called on. */
  readonly origin: object;
}
/** What happens to pairs of a many-to-many relation. */
export interface ManyArguments {
  readonly instance: object;
  readonly action: "pre_add" | "post_add" | "pre_remove" | "post_remove" | "pre_clear" | "post_clear";
  /** Seen from the target of the field. */
  readonly reverse: boolean;
  readonly model: ModelClass;
  /** Keys of the rows on the other side; null for `clear`. */
  readonly pkSet: ReadonlySet<unknown> | null;
  readonly using: string;
}

/** One check for every row that is read, whoever listens: an instance is made far more often than anybody wants to know. */
export const initListeners = { any: false };

class InitSignal<Args extends object> extends ModelSignal<Args> {
  #any = false;
  constructor() {
    super({ sync: true });
  }
  protected override changed(any: boolean): void {
    this.#any = any;
    initListeners.any = preInit.#any || postInit.#any;
  }
}

export const preInit = new InitSignal<{ readonly values: Record<string, unknown> }>();
export const postInit = new InitSignal<{ readonly instance: object }>();
export const preSave = new ModelSignal<SaveArguments>();
export const postSave = new ModelSignal<SaveArguments & { readonly created: boolean }>();
export const preDelete = new ModelSignal<DeleteArguments>();
export const postDelete = new ModelSignal<DeleteArguments>();
export const m2mChanged = new ManyToManySignal<ManyArguments>();
export const classPrepared = new ModelSignal<object>({ sync: true });
