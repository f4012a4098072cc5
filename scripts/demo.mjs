/** `npm run demo [-- arguments]`: installs and builds if needed, then runs the demo with the arguments given. */
import { runProgram } from "./support/program.mjs";

await runProgram("demo", process.argv.slice(2));
