/**
 * How many random querysets a test tries, and which. BABIK_METAMORPHIC_RUNS sets the number, BABIK_METAMORPHIC_SEED
 * repeats a run; the seed stands in the title of each test.
 */
export const runs = Number(process.env["BABIK_METAMORPHIC_RUNS"] ?? 2000);
export const seed = Number(process.env["BABIK_METAMORPHIC_SEED"] ?? Date.now() % 2 ** 31);
export const options = { numRuns: runs, seed, endOnFailure: false };
/** Time enough for a slow machine; no test is about speed. */
export const patience = { timeout: 900_000 };
