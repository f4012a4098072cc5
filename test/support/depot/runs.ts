/**
 * How many random querysets a test tries, and which: 2,000, and 500 where each is compared with SQLite as well and a server
 * answers, so that all rings together stay short. BABIK_METAMORPHIC_RUNS sets the number, BABIK_METAMORPHIC_SEED repeats a run;
 * number and seed stand in the title of each test.
 */
import { testKind } from "../database.js";

export const runs = Number(process.env["BABIK_METAMORPHIC_RUNS"] ?? (testKind === "sqlite" ? 2000 : 500));
export const seed = Number(process.env["BABIK_METAMORPHIC_SEED"] ?? Date.now() % 2 ** 31);
export const options = { numRuns: runs, seed, endOnFailure: false };
/** Time enough for a slow machine; no test is about speed. */
export const patience = { timeout: 900_000 };
