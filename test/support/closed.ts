/** Every test file closes its orms: the files of a thread share one babik, in which an orm that is left open is known to the next one. */
import { deepEqual } from "node:assert/strict";
import { afterAll } from "vitest";
import { openRegistries } from "../../src/orm/signals/senders.js";

const before = new Set(openRegistries());
// Hooks run in the opposite order, so this is the last one of the file.
afterAll(() => {
  const left = openRegistries().filter((registry) => !before.has(registry));
  deepEqual(
    left.map((registry) => [...registry.models.keys()].join(", ")),
    [],
    "orms were left open, with these models",
  );
});
