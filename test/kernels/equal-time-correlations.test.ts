import { compareWithTwin } from "./compare.js";

compareWithTwin("equal-time-correlations");
