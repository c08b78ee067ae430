import { compareWithTwin } from "./compare.js";

compareWithTwin("scores");
