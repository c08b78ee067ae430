import { compareWithTwin } from "./compare.js";

compareWithTwin("row-sums");
