/**
 * Everything that babik adds to SQLite's own functions, registered once per connection.
 * All but RAND are deterministic, so that they may stand in indexes and generated columns.
 */
import { registerDateFunctions } from "./date-functions.js";
import { registerDecimalFunctions } from "./decimal-functions.js";
import type { Engine } from "./engine.js";
import { registerJsonFunctions } from "./json-functions.js";
import { registerMathFunctions } from "./math-functions.js";
import { registerTextFunctions } from "./text-functions.js";

/** Registers the dates, texts, mathematics, statistics, exact decimals and JSON on a connection. */
export function registerFunctions(engine: Engine): void {
  registerDateFunctions(engine);
  registerTextFunctions(engine);
  registerMathFunctions(engine);
  registerDecimalFunctions(engine);
  registerJsonFunctions(engine);
}
