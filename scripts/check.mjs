/** `npm run check`: what to run before every commit, under a minute: the gates, the unit tests and the SQLite ring. */
import { ensureInstalled } from "./support/install.mjs";
import { onInterrupt } from "./support/process.mjs";
import { gates, runSteps, vitestRing } from "./support/steps.mjs";

await ensureInstalled();
onInterrupt(() => {});
const { build: _slow, ...quick } = gates;
process.exitCode = await runSteps({ ...quick, unit: () => vitestRing("unit"), sqlite: () => vitestRing("sqlite") });
