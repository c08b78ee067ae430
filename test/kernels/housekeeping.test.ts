import { compareWithTwin } from "./compare.js";

compareWithTwin("housekeeping");
