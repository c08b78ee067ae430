/** The case files, for tests that are no oracles. */
export { readCase } from "../src/verify/oracles/case-files.js";
