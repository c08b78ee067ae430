import { compareWithTwin } from "./compare.js";

compareWithTwin("accumulate");
