/** `npm run bench [-- arguments]`: runs the benchmarks with the arguments given. */
import { runProgram } from "./support/program.mjs";

await runProgram("bench", process.argv.slice(2));
