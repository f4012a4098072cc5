/** Puts generic relations to work: accessors, loaders and deletion by being imported; content types into an orm by a call. */
import { GenericForeignKey, GenericRelation } from "../../fields/generic.js";
import { ForeignKey } from "../../fields/relations.js";
import { CONTENT_TYPE_LABEL } from "../../meta/checks-generic.js";
import type { ModelDefinition } from "../../meta/registry.js";
import "./deletion.js";
import "./foreign-key.js";
import "./loaders.js";
import "./relation-set.js";

/** Whether the models need content types that none of them brings. */
export function lacksContentTypes(
  definitions: Iterable<readonly [app: string, definition: ModelDefinition]>,
  asked: boolean,
): boolean {
  let needed = asked;
  for (const [app, d] of definitions) {
    const label = d.label.includes(".") ? d.label : `${d.options.appLabel ?? app}.${d.label}`;
    if (label === CONTENT_TYPE_LABEL || (d.options.appLabel === "contenttypes" && d.label === "ContentType"))
      return false;
    needed ||= Object.values(d.fields).some(
      (f) =>
        f instanceof GenericForeignKey ||
        f instanceof GenericRelation ||
        (f instanceof ForeignKey && (f.to === CONTENT_TYPE_LABEL || f.to === "ContentType")),
    );
  }
  return needed;
}
