import { compareWithTwin } from "./compare.js";

compareWithTwin("delayed-correlations");
