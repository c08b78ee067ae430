import { compareWithTwin } from "./compare.js";

compareWithTwin("reaction-weights");
