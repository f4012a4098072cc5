/** A thread that replays apps on one database and hands the reports back. */
import { parentPort, workerData } from "node:worker_threads";
import { replayApps, type Job } from "./replay.js";

parentPort?.postMessage(await replayApps(workerData as Job));
