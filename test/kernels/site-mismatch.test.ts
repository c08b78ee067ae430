import { compareWithTwin } from "./compare.js";

compareWithTwin("site-mismatch");
