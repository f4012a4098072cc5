/**
 * Who sends the signals of models: classes, or labels of models that may not be there yet. It knows the models of all orms that are alive.
 */
import { LookupError, QueryTypeError, suggest } from "../../base/errors.js";
import { Signal } from "../../base/signal.js";
import type { CheckMessage } from "../../fields/field.js";
import { ManyToManyField } from "../../fields/relations.js";
import type { ModelMeta } from "../../meta/options.js";
import type { Registry } from "../../meta/registry.js";
import { definitionOf, type ModelClass } from "../definition.js";

// Signals outlive orms: they must not keep their models.
let registries: WeakRef<Registry>[] = [];
const closed = new WeakSet<Registry>();
const signals: ModelSignal<object>[] = [];

function* alive(): Generator<Registry> {
  for (const ref of registries) {
    const registry = ref.deref();
    if (registry !== undefined) yield registry;
  }
}

/** The models of orms that were not closed. */
export function openRegistries(): Registry[] {
  return [...alive()].filter((registry) => !closed.has(registry));
}

/** A signal that models send. A sender is a class, or a label that is looked up when the signal is sent. */
export class ModelSignal<Args extends object> extends Signal<Args, ModelClass> {
  /** Labels that were found to name a model. */
  readonly #found = new Set<string>();

  constructor(options: { readonly sync?: boolean } = {}) {
    super(options);
    signals.push(this as unknown as ModelSignal<object>);
  }
  /** What a label may name. */
  protected find(registry: Registry, label: string): ModelMeta | undefined {
    return registry.find(label);
  }
  /** What labels there are, for messages. */
  protected choices(registry: Registry): Iterable<string> {
    return registry.models.keys();
  }
  protected override keyOf(sender: unknown): unknown {
    if (typeof sender === "string") {
      const all = openRegistries();
      if (all.length > 0 && !this.#found.has(sender) && !all.some((r) => this.#names(r, sender)))
        throw new LookupError(
          `No model is called '${sender}'.${suggest(sender, new Set(all.flatMap((r) => [...this.choices(r)])))}`,
          "model.unknown_label",
          { model: sender },
        );
      return sender;
    }
    const definition = definitionOf(sender);
    if (definition === undefined)
      throw new QueryTypeError(
        'The sender of a model\'s signal is a model class, or its label, such as "shop.Product".',
        "signal.sender",
      );
    return definition;
  }
  protected override isFor(key: unknown, sender: unknown): boolean {
    if (typeof sender === "string") {
      for (const registry of alive()) {
        const meta = this.find(registry, sender);
        if (meta !== undefined && this.isFor(key, meta.modelClass)) return true;
      }
      return key === sender;
    }
    if (typeof key !== "string") return definitionOf(sender) === key;
    if (definitionOf(sender) === undefined) return false;
    for (const registry of alive())
      if (registry.models.get((sender as ModelClass).meta.label) === (sender as ModelClass).meta)
        return this.find(registry, key) === (sender as ModelClass).meta;
    return false;
  }
  #names(registry: Registry, label: string): boolean {
    if (this.find(registry, label) === undefined) return false;
    this.#found.add(label);
    return true;
  }
  /** Labels that were connected to and name a model neither here nor in an orm there was before. */
  *unknown(registry: Registry): Generator<CheckMessage> {
    for (const key of new Set(this.keys))
      if (typeof key === "string" && this.find(registry, key) === undefined && !this.#found.has(key))
        yield {
          level: "error",
          id: "signals.E001",
          object: key,
          message: `A signal was connected to the sender '${key}', but no model is called so.`,
          hint: suggest(key, this.choices(registry)).trim(),
        };
  }
  /** Takes notice of the models of one more orm. */
  meet(registry: Registry): void {
    for (const key of this.keys) if (typeof key === "string") this.#names(registry, key);
    this.forget();
  }
}

/** The signal of relations by pairs: its sender is the model between, which may also be named by the field: `"shop.Book.authors"`. */
export class ManyToManySignal<Args extends object> extends ModelSignal<Args> {
  protected override find(registry: Registry, label: string): ModelMeta | undefined {
    const dot = label.lastIndexOf(".");
    const owner = dot < 0 ? undefined : registry.find(label.slice(0, dot));
    const field = owner?.byName.get(label.slice(dot + 1));
    return field instanceof ManyToManyField ? (field.through as ModelMeta | undefined) : registry.find(label);
  }
  protected override *choices(registry: Registry): Generator<string> {
    for (const meta of registry.models.values())
      for (const f of meta.manyToMany) if (f.owner === meta) yield `${meta.label}.${f.name}`;
  }
}

/** Mistakes in senders that were named before the models were there. */
export function unknownSenders(registry: Registry): CheckMessage[] {
  return signals.flatMap((s) => [...s.unknown(registry)]);
}
/**
 * Models of an orm that was closed are no reason to accept a label, as a misspelt one would be heard by nobody. Those that were
 * connected to go on sending what needs no database.
 */
export function closeSenders(registry: Registry): void {
  closed.add(registry);
}
/** Makes the models of an orm senders. */
export function addSenders(registry: Registry): void {
  registries = [...registries.filter((ref) => ref.deref() !== undefined), new WeakRef(registry)];
  for (const s of signals) s.meet(registry);
}
