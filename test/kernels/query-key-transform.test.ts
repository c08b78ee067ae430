import { compareWithTwin } from "./compare.js";

compareWithTwin("query-key-transform");
