import { compareWithTwin } from "./compare.js";

compareWithTwin("pair-means");
