/** Where `m2m_changed` will be sent from: a place for listeners, and nothing else. */
import type { ModelMeta } from "../../meta/options.js";

/** What happens to pairs of a many-to-many relation. */
export interface ManyChange {
  readonly through: ModelMeta;
  readonly instance: object;
  readonly action: "pre_add" | "post_add" | "pre_remove" | "post_remove" | "pre_clear" | "post_clear";
  /** Seen from the target of the field. */
  readonly reverse: boolean;
  readonly model: ModelMeta;
  /** Keys of the rows on the other side; null for `clear`. */
  readonly keys: ReadonlySet<unknown> | null;
  readonly using: string;
}
/** Filled by signals; while nobody listens, pairs are added by one INSERT. */
export const manyHook: { listens(through: ModelMeta): boolean; send(change: ManyChange): Promise<void> | void } = {
  listens: () => false,
  send: () => undefined,
};
