import { compareWithTwin } from "./compare.js";

compareWithTwin("subtract-diagonal");
