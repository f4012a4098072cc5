/**
 * How many random querysets a test tries, and which. BABIK_METAMORPHIC_RUNS sets the number, BABIK_METAMORPHIC_SEED the seed, which
 * stands in the title of each test; `random` takes a new one. Without it a change is tried with the querysets that others were tried with:
 * what is found by chance is a matter of its own.
 */
export const runs = Number(process.env["BABIK_METAMORPHIC_RUNS"] ?? 2000);
const given = process.env["BABIK_METAMORPHIC_SEED"] ?? "20261122";
export const seed = given === "random" ? Date.now() % 2 ** 31 : Number(given);
export const options = { numRuns: runs, seed, endOnFailure: false };
/** Time enough for a slow machine; no test is about speed. */
export const patience = { timeout: 900_000 };
