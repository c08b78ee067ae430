import { compareWithTwin } from "./compare.js";

compareWithTwin("score-gaps");
