/** Accessors of relations on the prototypes of model classes: getters that give a value, a thing to await, or a manager. */
import { QueryTypeError } from "../../base/errors.js";
import { ForeignObject, ManyToManyField, ReverseRelation } from "../../fields/relations.js";
import type { MetaField, ModelMeta } from "../../meta/options.js";
import { stateOf } from "../instance-state.js";
import { defaultManagerOf } from "../managers-of.js";
import { assignRelation, assignReverse } from "./assign.js";
import { readForward, readReverse } from "./forward.js";
import { relationsByAccessor } from "./keys.js";
import { manySide } from "./loaders.js";
import { ManySet } from "./many-set.js";
import { relatedManager } from "./related-manager.js";
import type { RelatedSet, SetSource } from "./related-set.js";
import { ReverseSet } from "./reverse-set.js";

/** A getter, and what assignment does. */
export interface Accessor {
  get(instance: object): unknown;
  set?(instance: object, value: unknown): void;
}
/** Makes the accessor of a kind of relation; undefined: this kind has none. */
export type AccessorMaker = (relation: MetaField) => Accessor | undefined;
const makers: AccessorMaker[] = [];
/** Adds accessors for other kinds of relations (generic ones). Makers added later are asked first. */
export function registerAccessor(maker: AccessorMaker): void {
  makers.unshift(maker);
}

/** The accessor of a set: a manager made anew for each access. */
export function setAccessor(
  related: ModelMeta,
  name: string,
  side: string,
  make: (source: SetSource) => RelatedSet,
): Accessor {
  return {
    get: (instance) => relatedManager(make({ instance, manager: defaultManagerOf(related), alias: null, hints: null })),
    set() {
      throw new QueryTypeError(
        `Direct assignment to the ${side} is prohibited. Use ${name}.set() instead.`,
        "relation.set_assignment",
        { path: name },
      );
    },
  };
}
registerAccessor((relation) => {
  if (relation instanceof ForeignObject)
    return { get: (i) => readForward(i, relation), set: (i, v) => assignRelation(i, relation, v) };
  if (relation instanceof ManyToManyField) {
    if (relation.related === undefined || relation.sourceField === undefined) return undefined;
    const side = manySide(relation);
    return setAccessor(
      side.related,
      relation.name,
      "forward side of a many-to-many set",
      (source) => new ManySet(side, source),
    );
  }
  if (!(relation instanceof ReverseRelation)) return undefined;
  const name = relation.cacheName;
  if (relation.field instanceof ManyToManyField) {
    const side = manySide(relation);
    return setAccessor(side.related, name, "reverse side of a many-to-many set", (source) => new ManySet(side, source));
  }
  if (!(relation.field instanceof ForeignObject)) return undefined;
  if (!relation.multiple) return { get: (i) => readReverse(i, relation), set: (i, v) => assignReverse(i, relation, v) };
  return setAccessor(
    relation.relatedModel as ModelMeta,
    name,
    "reverse side of a related set",
    (source) => new ReverseSet(relation, source),
  );
});

/**
 * Puts the accessors of a model's relations on the prototype of its generated class. What a parent class has already is left as
 * it is: users may have overridden it there.
 */
export function installAccessors(meta: ModelMeta, prototype: object): void {
  for (const [name, relation] of relationsByAccessor(meta)) {
    const owner = (relation instanceof ReverseRelation ? relation.model : relation.owner) as ModelMeta;
    if (owner !== meta && name in prototype) continue;
    if (relation instanceof ForeignObject && relation.related === undefined) continue;
    const accessor = makers.map((m) => m(relation)).find((a) => a !== undefined);
    if (accessor === undefined) continue;
    Object.defineProperty(prototype, name, {
      configurable: true,
      enumerable: false,
      get(this: object): unknown {
        // The prototype itself is no row.
        return stateOf(this) === undefined ? undefined : accessor.get(this);
      },
      set(this: object, value: unknown) {
        accessor.set?.(this, value);
      },
    });
  }
}
