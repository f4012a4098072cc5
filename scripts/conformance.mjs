/** `npm run conformance [-- arguments]`: replays the recorded cases; `-- --help` lists the arguments. */
import { runProgram } from "./support/program.mjs";

await runProgram("conformance", process.argv.slice(2));
