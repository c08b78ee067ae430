import { compareWithTwin } from "./compare.js";

compareWithTwin("moment-weights");
